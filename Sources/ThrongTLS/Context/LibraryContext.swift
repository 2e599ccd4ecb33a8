// An SSL_CTX with the settings that servers and clients share. Configured on one thread before any
// session is made from it, and not changed afterwards; then any thread makes sessions.

import COpenSSL
import Throng

final class LibraryContext: @unchecked Sendable {
  // Invariant behind @unchecked: `pointer` is a constant, and after the context is configured only calls
  // follow that OpenSSL allows from several threads (SSL_new(3), SSL_set_SSL_CTX).
  let pointer: OpaquePointer

  /// Forward secrecy and authenticated encryption only: Mozilla's "intermediate" without DHE. Those of
  /// TLS 1.3 are all of this kind.
  private static let ciphers = """
    ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:\
    ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:\
    ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305
    """
  private static let groups = "X25519:P-256:P-384"

  init(
    _ method: OpaquePointer, minimum: SecurityInfo.ProtocolVersion,
    maximum: SecurityInfo.ProtocolVersion = .tls13
  ) throws(TLSConfigurationError) {
    ERR_clear_error()
    guard let pointer = SSL_CTX_new(method) else {
      throw .library(LibraryErrors.text(LibraryErrors.take()))
    }
    self.pointer = pointer
    SSL_CTX_set_options(
      pointer,
      SHIM_SSL_OP_NO_COMPRESSION | SHIM_SSL_OP_NO_RENEGOTIATION
        | SHIM_SSL_OP_CIPHER_SERVER_PREFERENCE | SHIM_SSL_OP_PRIORITIZE_CHACHA)
    // Released buffers: 14 instead of 46 KiB for an idle connection.
    _ = shim_SSL_CTX_set_mode(
      pointer,
      SHIM_SSL_MODE_RELEASE_BUFFERS | SHIM_SSL_MODE_ENABLE_PARTIAL_WRITE
        | SHIM_SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER)
    SSL_CTX_set_info_callback(pointer, TLSSession.noteProtocolMessage)
    guard shim_SSL_CTX_set_min_proto_version(pointer, minimum.number) == 1,
      shim_SSL_CTX_set_max_proto_version(pointer, maximum.number) == 1,
      SSL_CTX_set_cipher_list(pointer, Self.ciphers) == 1,
      shim_SSL_CTX_set1_groups_list(pointer, Self.groups) == 1
    else { throw .library(LibraryErrors.text(LibraryErrors.take())) }
  }

  deinit { SSL_CTX_free(pointer) }

  /// Adds a certificate; one per type of key.
  func use(_ identity: Identity) throws(TLSConfigurationError) {
    ERR_clear_error()
    guard SSL_CTX_use_certificate(pointer, identity.certificate.pointer) == 1,
      SSL_CTX_use_PrivateKey(pointer, identity.key.pointer) == 1,
      identity.chain.dropFirst().allSatisfy({
        shim_SSL_CTX_add1_chain_cert(pointer, $0.pointer) == 1
      })
    else {
      let error = LibraryErrors.take()
      switch LibraryErrors.reason(error) {
      case SSL_R_EE_KEY_TOO_SMALL, SSL_R_CA_KEY_TOO_SMALL, SSL_R_CA_MD_TOO_WEAK:
        throw .tooWeak(path: identity.certificatePath)
      default: throw .library(LibraryErrors.text(error))
      }
    }
  }

  /// Verifies the peer's certificate by these authorities.
  func trust(_ authorities: Authorities) throws(TLSConfigurationError) {
    ERR_clear_error()
    let store = SSL_CTX_get_cert_store(pointer)
    guard authorities.certificates.allSatisfy({ X509_STORE_add_cert(store, $0.pointer) == 1 }),
      authorities.revocationLists.allSatisfy({ X509_STORE_add_crl(store, $0.pointer) == 1 })
    else { throw .library(LibraryErrors.text(LibraryErrors.take())) }
    // A certificate in the file is trusted as it is, also one that is not signed by itself.
    var flags = UInt(X509_V_FLAG_PARTIAL_CHAIN)
    if !authorities.revocationLists.isEmpty {
      flags |= UInt(X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL)
    }
    X509_STORE_set_flags(store, flags)
  }
}

/// Authorities that a peer's certificate is verified by, read from files.
struct Authorities: Sendable {
  let certificates: [Owned]
  let revocationLists: [Owned]

  init(_ files: TLSAuthorities) throws(TLSConfigurationError) {
    certificates = try PEMFile(files.certificatesPath, .authorities).certificates(.authorities)
    guard let path = files.revocationListPath else {
      revocationLists = []
      return
    }
    revocationLists = try PEMFile(path, .revocationList).revocationLists()
    for list in revocationLists {
      try CertificateTime.check(
        from: X509_CRL_get0_lastUpdate(list.pointer), until: X509_CRL_get0_nextUpdate(list.pointer),
        path, .revocationList)
    }
  }
}

extension SecurityInfo.ProtocolVersion {
  var number: Int32 {
    switch self {
    case .tls12: TLS1_2_VERSION
    case .tls13: TLS1_3_VERSION
    }
  }
}

/// Names of application protocols as they are sent (RFC 7301): each after its length.
enum ApplicationProtocols {
  static func encoded(_ names: [String]) throws(TLSConfigurationError) -> [UInt8] {
    var bytes: [UInt8] = []
    for name in names {
      guard (1...255).contains(name.utf8.count) else { throw .applicationProtocol(name) }
      bytes.append(UInt8(name.utf8.count))
      bytes += Array(name.utf8)
    }
    return bytes
  }
}

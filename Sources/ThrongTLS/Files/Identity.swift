// A certificate chain with its key, read from files and validated: what a context is made from. A value,
// not changed after it is made.

import COpenSSL
import Glibc
import Throng

struct Identity: Sendable {
  let certificatePath: String
  /// The certificate itself, then those of its issuers.
  let chain: [Owned]
  let key: Owned
  let staple: Staple?
  /// Lower case; `*.` first for all names one level below. Addresses count as names here.
  let names: [String]
  let warnings: [TLSConfigurationWarning]

  var certificate: Owned { chain[0] }

  /// Two certificates of one name differ in this (EVP_PKEY_RSA and so on).
  var keyType: Int32 { EVP_PKEY_get_base_id(key.pointer) }

  init(_ files: TLSIdentity) throws(TLSConfigurationError) {
    certificatePath = files.certificatePath
    let chain = try PEMFile(files.certificatePath, .certificate).certificates(.certificate)
    self.chain = chain
    key = try PEMFile(files.keyPath, .privateKey).privateKey(password: files.password)
    let leaf = chain[0].pointer
    let matches = X509_check_private_key(leaf, key.pointer) == 1
    ERR_clear_error()
    guard matches else {
      throw .keyMismatch(certificatePath: files.certificatePath, keyPath: files.keyPath)
    }
    try CertificateTime.check(
      from: X509_get0_notBefore(leaf), until: X509_get0_notAfter(leaf), files.certificatePath,
      .certificate)
    staple = try files.ocspResponsePath.map { path throws(TLSConfigurationError) in
      try Staple(path, chain, files.certificatePath)
    }
    names = try Self.names(files.serverNames, leaf)
    warnings = Self.warnings(files.keyPath)
  }

  private static func names(
    _ given: [String]?, _ certificate: OpaquePointer
  ) throws(TLSConfigurationError) -> [String] {
    if let given {
      for name in given {
        guard ServerName.isValid(name.hasPrefix("*.") ? String(name.dropFirst(2)) : name) else {
          throw .serverName(name)
        }
      }
      return given.map { $0.lowercased() }
    }
    return PeerCertificate.AlternativeName.all(in: certificate).compactMap { name in
      switch name {
      case .dns(let name), .ipAddress(let name): name.lowercased()
      case .email, .uri: nil
      }
    }
  }

  /// Others: neither the owner nor the group, which on Debian may be ssl-cert.
  private static func warnings(_ path: String) -> [TLSConfigurationWarning] {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & (S_IROTH | S_IWOTH) != 0 else { return [] }
    return [.keyAccessibleByOthers(path: path, mode: status.st_mode & 0o7777)]
  }
}

/// Host names as clients send them (RFC 6066, section 3).
enum ServerName {
  /// Letters, digits, hyphens, underscores and dots: what is safe to compare and to log.
  static func isValid(_ name: some StringProtocol) -> Bool {
    let isAllowed = { (byte: UInt8) in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: "."):
        true
      default: false
      }
    }
    return !name.isEmpty && name.utf8.count < 256 && name.utf8.allSatisfy(isAllowed)
  }
}

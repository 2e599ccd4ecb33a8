// One state of a client's configuration, validated and ready, and the sessions that later connections
// can resume. Immutable but for these. Any thread.

import COpenSSL
import Synchronization
import Throng

final class ClientSettings: Sendable {
  let context: LibraryContext
  let verifies: Bool
  let serverName: String?
  let warnings: [TLSConfigurationWarning]
  private let sessions = Mutex(ClientSessions())

  init(_ configuration: TLSClientConfiguration) throws(TLSConfigurationError) {
    guard configuration.minimumVersion <= configuration.maximumVersion else { throw .versions }
    serverName = configuration.serverName
    context = try LibraryContext(
      TLS_client_method(), minimum: configuration.minimumVersion,
      maximum: configuration.maximumVersion)
    verifies = try Self.verify(configuration.verification, context)
    if let files = configuration.identity {
      let identity = try Identity(files)
      try context.use(identity)
      warnings = identity.warnings
    } else {
      warnings = []
    }
    let protocols = try ApplicationProtocols.encoded(configuration.applicationProtocols)
    if !protocols.isEmpty {
      SSL_CTX_set_alpn_protos(context.pointer, protocols, UInt32(protocols.count))
    }
    guard configuration.resumesSessions else {
      _ = shim_SSL_CTX_set_session_cache_mode(context.pointer, Int(SSL_SESS_CACHE_OFF))
      return
    }
    _ = shim_SSL_CTX_set_session_cache_mode(
      context.pointer, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL))
    SSL_CTX_sess_set_new_cb(context.pointer) { ssl, session in
      guard let session, let owner = TLSSession.of(ssl), let name = owner.expectedName else {
        return 0
      }
      let kept = Owned(session, { SSL_SESSION_free($0) })
      owner.clientSettings?.sessions.withLock { $0.keep(kept, for: name) }
      return 1
    }
  }

  /// The session to resume for a name.
  func session(for name: String) -> Owned? { sessions.withLock { $0.take(for: name) } }

  /// - Returns: whether the server's certificate is verified.
  private static func verify(
    _ verification: TLSClientConfiguration.Verification, _ context: LibraryContext
  ) throws(TLSConfigurationError) -> Bool {
    switch verification {
    case .insecure:
      SSL_CTX_set_verify(context.pointer, SSL_VERIFY_NONE, nil)
      return false
    case .systemAuthorities:
      guard SSL_CTX_set_default_verify_paths(context.pointer) == 1 else {
        throw .library(LibraryErrors.text(LibraryErrors.take()))
      }
    case .authorities(let files): try context.trust(Authorities(files))
    }
    SSL_CTX_set_verify(context.pointer, SSL_VERIFY_PEER, nil)
    return true
  }
}

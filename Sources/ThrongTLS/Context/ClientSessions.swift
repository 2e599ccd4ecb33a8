// Sessions of earlier connections of a client, which later ones resume. A value under the lock of its
// settings.

import COpenSSL

/// The latest sessions of each server name; each was verified for its name.
struct ClientSessions {
  private var byName: [String: [Owned]] = [:]
  private var count = 0

  static let maximum = 1024

  /// Keeps a session; when there are too many, the others go.
  mutating func keep(_ session: Owned, for name: String) {
    if count >= Self.maximum { self = ClientSessions() }
    if Self.isReusable(session) { count -= byName.removeValue(forKey: name)?.count ?? 0 }
    byName[name, default: []].append(session)
    count += 1
  }

  /// The latest session for a name. A ticket of TLS 1.3 is used once (RFC 8446, appendix C.4).
  mutating func take(for name: String) -> Owned? {
    guard let session = byName[name]?.last else { return nil }
    if !Self.isReusable(session) {
      byName[name]?.removeLast()
      count -= 1
    }
    return session
  }

  private static func isReusable(_ session: Owned) -> Bool {
    SSL_SESSION_get_protocol_version(session.pointer) != TLS1_3_VERSION
  }
}

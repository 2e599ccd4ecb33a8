// What a server's TLS is made from. Values; files are read when a context is made or reloaded.

import Throng

/// The certificates of a server and what it asks of its clients.
///
/// The rest follows Mozilla's guideline "intermediate": TLS 1.2 and 1.3, cipher suites with forward
/// secrecy and authenticated encryption, the groups X25519, P-256 and P-384; no compression,
/// renegotiation or early data; sessions are resumed by tickets whose keys change each hour.
public struct TLSServerConfiguration: Sendable {
  /// Whether clients have to show a certificate.
  public enum ClientAuthentication: Sendable {
    /// Clients are not asked for one.
    case none
    /// A client may have none; one that it sends must be valid.
    case request(TLSAuthorities)
    /// A client without a valid certificate is refused.
    case require(TLSAuthorities)
  }

  /// At least one. The first serves clients that name no server, or an unknown one. For one name there
  /// may be an ECDSA, an RSA and an Ed25519 certificate; the client's abilities decide between them.
  public var identities: [TLSIdentity]
  /// Whether clients have to show a certificate.
  public var clientAuthentication: ClientAuthentication = .none
  /// TLS 1.2 or 1.3.
  public var minimumVersion: SecurityInfo.ProtocolVersion = .tls12
  /// Application protocols (ALPN) by preference, of 1 to 255 bytes. A client that offers others only is
  /// refused; one that offers none is not. Empty: ALPN is ignored.
  public var applicationProtocols: [String] = []

  /// A server with several certificates.
  public init(identities: [TLSIdentity]) { self.identities = identities }

  /// A server with one certificate.
  public init(certificatePath: String, keyPath: String) {
    identities = [TLSIdentity(certificatePath: certificatePath, keyPath: keyPath)]
  }
}

/// Authorities whose certificates are trusted, and what they have revoked: paths of files.
public struct TLSAuthorities: Sendable {
  /// Certificates of authorities, or single certificates that are trusted as they are (PEM).
  public var certificatesPath: String
  /// Revocation lists (PEM). With it, every authority of a chain must have a list that is in force.
  public var revocationListPath: String?

  /// Names the files of authorities.
  /// - Parameters:
  ///   - certificatesPath: their certificates (PEM).
  ///   - revocationListPath: their revocation lists (PEM).
  public init(certificatesPath: String, revocationListPath: String? = nil) {
    self.certificatesPath = certificatesPath
    self.revocationListPath = revocationListPath
  }
}

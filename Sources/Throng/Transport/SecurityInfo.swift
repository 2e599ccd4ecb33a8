// What a TLS handshake has negotiated, for handlers.

/// What secures a connection: the result of its TLS handshake.
public struct SecurityInfo: Equatable, Sendable {
  /// A version of the protocol.
  public enum ProtocolVersion: String, Comparable, Sendable, CustomStringConvertible {
    case tls12 = "TLS 1.2"
    case tls13 = "TLS 1.3"

    /// A description for log lines and error messages.
    public var description: String { rawValue }
    /// Whether a version is older than another.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  }

  /// The version of TLS.
  public var protocolVersion: ProtocolVersion
  /// The cipher suite's name in IANA's registry, such as `TLS_AES_256_GCM_SHA384`.
  public var cipherSuite: String
  /// The name that the client asked for (SNI, RFC 6066); nil when it asked for none.
  public var serverName: String?
  /// The application protocol that was agreed on (ALPN, RFC 7301); nil when none was offered.
  public var applicationProtocol: String?
  /// Whether an earlier session was resumed, so that no certificates were sent.
  public var isResumed: Bool
  /// The peer's certificate, if it has sent one and the certificate was verified.
  public var peer: PeerCertificate?

  package init(
    protocolVersion: ProtocolVersion, cipherSuite: String, serverName: String?,
    applicationProtocol: String?, isResumed: Bool, peer: PeerCertificate?
  ) {
    self.protocolVersion = protocolVersion
    self.cipherSuite = cipherSuite
    self.serverName = serverName
    self.applicationProtocol = applicationProtocol
    self.isResumed = isResumed
    self.peer = peer
  }
}

/// The names in a verified certificate.
public struct PeerCertificate: Equatable, Sendable {
  /// A name of the extension subjectAltName (RFC 5280, section 4.2.1.6).
  public enum AlternativeName: Hashable, Sendable {
    case dns(String)
    case ipAddress(String)
    case email(String)
    case uri(String)
  }

  /// The subject's distinguished name, as RFC 2253 writes it: `CN=client,O=Example`.
  public var subject: String
  /// The names of the extension subjectAltName.
  public var alternativeNames: [AlternativeName]
  /// The SHA-256 hash of the certificate in lower-case hexadecimal digits.
  public var fingerprint: String

  package init(subject: String, alternativeNames: [AlternativeName], fingerprint: String) {
    self.subject = subject
    self.alternativeNames = alternativeNames
    self.fingerprint = fingerprint
  }
}

// Why a TLS session failed: a reason that can be counted, and the alert of the peer where there was one.

/// Why a handshake or an established TLS session failed.
public struct SecurityFailure: Error, Equatable, Hashable, Sendable {
  /// The reasons, for counting.
  public enum Reason: String, CaseIterable, Sendable {
    /// The handshake took longer than its limit.
    case timedOut = "timed out"
    /// The connection ended before the handshake was complete.
    case closedByPeer = "closed by the peer"
    /// The peer has sent a fatal alert, which ``SecurityFailure/alert`` names.
    case alertReceived = "alert received"
    /// The first bytes are not TLS: another protocol, for example HTTP.
    case notTLS = "not TLS"
    /// The peer has no protocol version that is allowed here.
    case noSharedVersion = "no shared protocol version"
    /// The peer has no cipher suite, group or signature algorithm that is allowed here.
    case noSharedCipher = "no shared cipher"
    /// The peer has no application protocol (ALPN) of those offered here.
    case noSharedApplicationProtocol = "no shared application protocol"
    /// The peer has sent no certificate, and one is required.
    case certificateMissing = "certificate missing"
    /// The peer's certificate has expired, or is not valid yet.
    case certificateExpired = "certificate expired"
    /// The peer's certificate is on a revocation list.
    case certificateRevoked = "certificate revoked"
    /// The peer's certificate is not signed by an authority that is trusted here.
    case certificateUntrusted = "certificate not trusted"
    /// The server's certificate is for other names.
    case certificateNameMismatch = "certificate for another name"
    /// The peer's certificate is not acceptable for another reason.
    case certificateInvalid = "certificate invalid"
    /// The peer sends more than a handshake can need.
    case tooLarge = "handshake too large"
    /// The peer has sent something that violates the protocol, or a record was changed on its way.
    case malformed = "malformed record or message"
    /// The peer requests new keys too often (KeyUpdate).
    case tooManyKeyUpdates = "too many key updates"
    /// Memory is short, or a call was made in the wrong state.
    case internalError = "internal error"
  }

  /// Why the session failed.
  public var reason: Reason
  /// The peer's fatal alert (RFC 8446, section 6.2).
  public var alert: Alert?

  /// Creates a failure.
  /// - Parameters:
  ///   - reason: what the failure is counted as.
  ///   - alert: the fatal alert of the peer, if there was one.
  public init(_ reason: Reason, alert: Alert? = nil) {
    self.reason = reason
    self.alert = alert
  }
}

extension SecurityFailure: CustomStringConvertible {
  /// A description for log lines and error messages.
  public var description: String {
    alert.map { "\(reason.rawValue) (\($0))" } ?? reason.rawValue
  }
}

extension SecurityFailure {
  /// An alert of TLS by its number (RFC 8446, section 6; IANA's TLS Alerts registry).
  public struct Alert: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The number of the alert.
    public var rawValue: UInt8

    /// The alert of that number, known or not.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    private static let names: [UInt8: String] = [
      0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow",
      40: "handshake_failure", 42: "bad_certificate", 43: "unsupported_certificate",
      44: "certificate_revoked", 45: "certificate_expired", 46: "certificate_unknown",
      47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error",
      51: "decrypt_error", 70: "protocol_version", 71: "insufficient_security",
      80: "internal_error", 86: "inappropriate_fallback", 90: "user_canceled",
      100: "no_renegotiation", 109: "missing_extension", 110: "unsupported_extension",
      112: "unrecognized_name", 113: "bad_certificate_status_response",
      115: "unknown_psk_identity", 116: "certificate_required", 120: "no_application_protocol",
    ]

    /// A description for log lines and error messages.
    public var description: String { Self.names[rawValue] ?? "alert \(rawValue)" }
  }
}

// Why a PROXY protocol header is not accepted.

/// What is wrong with a PROXY protocol header. The connection is reset.
public enum ProxyProtocolError: Error, Hashable, Sendable {
  /// The connection does not begin with a header.
  case missing
  /// The connection has ended within the header.
  case truncated
  /// The client may not connect to a listener for proxies.
  case untrusted
  /// The header did not arrive within the time limit.
  case timedOut
  /// The line of version 1 is not as the specification has it.
  case badLine
  /// An address or a port is not in its canonical form.
  case badAddress
  /// The header is longer than the maximum, in bytes.
  case tooLong(maximum: Int)
  /// The version, the command, the address family or the transport protocol of version 2 is unknown.
  case unsupported
  /// An address or a field of version 2 goes beyond the end of the header or has a wrong length.
  case badLength
  /// The checksum (CRC-32C) does not match.
  case badChecksum
}

extension ProxyProtocolError: CustomStringConvertible {
  /// A description for log lines and error messages.
  public var description: String {
    switch self {
    case .missing: "the connection does not begin with a PROXY protocol header"
    case .truncated: "the connection ended within the PROXY protocol header"
    case .untrusted: "the listener is for trusted proxies only"
    case .timedOut: "the PROXY protocol header did not arrive in time"
    case .badLine: "malformed PROXY protocol line"
    case .badAddress: "malformed address in the PROXY protocol header"
    case .tooLong(let maximum): "PROXY protocol header longer than \(maximum) bytes"
    case .unsupported: "unknown version, command or address family in the PROXY protocol header"
    case .badLength: "an address or field exceeds the PROXY protocol header"
    case .badChecksum: "wrong checksum of the PROXY protocol header"
    }
  }
}

// The header of the PROXY protocol (haproxy.org, doc/proxy-protocol.txt): what a proxy says about the
// client before the client's own bytes. A value; reading and writing it does no I/O.

/// What a proxy says about the client whose connection it forwards.
public struct ProxyHeader: Hashable, Sendable {
  /// Where the bytes of the connection come from.
  public enum Command: Hashable, Sendable {
    /// The proxy itself, for example a health check: the addresses are those of the connection.
    case local
    /// A client of the proxy.
    case proxy
  }

  /// Where the bytes of the connection come from.
  public var command: Command
  /// The client's address; nil where the proxy does not know it (LOCAL, UNSPEC, UNKNOWN).
  public var source: SocketAddress?
  /// The address that the client has connected to; nil when `source` is.
  public var destination: SocketAddress?
  /// What else the proxy says, in its order. Version 1 has none.
  public var fields: [Field]

  /// A header about a client.
  /// - Parameters:
  ///   - source: the client's address.
  ///   - destination: the address that it has connected to, of the same kind: both IP, or both Unix.
  ///   - fields: what else is said.
  public init(source: SocketAddress, destination: SocketAddress, fields: [Field] = []) {
    self.init(command: .proxy, source, destination, fields)
  }

  /// A header about a connection that is the sender's own.
  public static let local = ProxyHeader(command: .local, nil, nil, [])

  init(
    command: Command, _ source: SocketAddress?, _ destination: SocketAddress?, _ fields: [Field]
  ) {
    self.command = command
    self.source = source
    self.destination = destination
    self.fields = fields
  }

  /// The longest header of version 2 that is accepted or sent, in bytes.
  public static let maximumLength = 4096
  /// The longest line of version 1 with its CRLF, in bytes.
  static let maximumLineLength = 107
  /// How version 2 begins. No byte of it starts a line of version 1.
  static let signature: [UInt8] = [
    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a,
  ]
  /// How version 1 begins.
  static let linePrefix = Array("PROXY ".utf8)
}

extension ProxyHeader {
  /// A value with its type (TLV, section 2.2 of the specification).
  public struct Field: Hashable, Sendable {
    /// The type's number.
    public var type: UInt8
    /// The value, whose meaning depends on the type.
    public var value: [UInt8]

    /// Creates a field of any type.
    public init(type: UInt8, value: [UInt8]) {
      self.type = type
      self.value = value
    }

    /// The protocol that was negotiated by ALPN, for example `h2`.
    public static func applicationProtocol(_ name: String) -> Field {
      Field(type: FieldType.applicationProtocol, value: Array(name.utf8))
    }

    /// The host name that the client has asked for, as in SNI.
    public static func authority(_ name: String) -> Field {
      Field(type: FieldType.authority, value: Array(name.utf8))
    }

    /// An opaque id of the connection, at most 128 bytes.
    public static func uniqueID(_ id: [UInt8]) -> Field {
      precondition(id.count <= FieldType.maximumIDLength, "an id has at most 128 bytes")
      return Field(type: FieldType.uniqueID, value: id)
    }
  }

  enum FieldType {
    static let applicationProtocol: UInt8 = 0x01
    static let authority: UInt8 = 0x02
    static let checksum: UInt8 = 0x03
    static let padding: UInt8 = 0x04
    static let uniqueID: UInt8 = 0x05
    static let tls: UInt8 = 0x20
    static let maximumIDLength = 128
  }

  /// The value of the first field of a type.
  public func value(ofType type: UInt8) -> [UInt8]? { fields.first { $0.type == type }?.value }

  /// The protocol that the client and the proxy have negotiated by ALPN.
  public var applicationProtocol: String? { text(FieldType.applicationProtocol) }

  /// The host name that the client has asked the proxy for.
  public var authority: String? { text(FieldType.authority) }

  /// The proxy's id of the connection.
  public var uniqueID: [UInt8]? { value(ofType: FieldType.uniqueID) }

  /// How the client's connection to the proxy was encrypted; nil when the proxy does not say.
  public var tls: TLS? { value(ofType: FieldType.tls).flatMap { try? TLS(decoding: $0[...]) } }

  private func text(_ type: UInt8) -> String? {
    value(ofType: type).map { String(decoding: $0, as: UTF8.self) }
  }
}

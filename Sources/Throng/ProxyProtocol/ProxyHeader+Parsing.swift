// Reads a header of either version from the first bytes of a connection. The bytes may come in any
// pieces: as long as they can still become a header, more are asked for. What is not a header is an
// error and never taken for a client's own bytes.

extension ProxyHeader {
  /// Reads a header.
  /// - Parameter bytes: what has arrived since the connection began; bytes after the header may follow.
  /// - Returns: the header and its length in bytes; nil when more bytes are needed.
  /// - Throws: `ProxyProtocolError`, as soon as the bytes cannot become a header.
  package static func parse(
    _ bytes: ArraySlice<UInt8>
  ) throws(ProxyProtocolError) -> (header: ProxyHeader, length: Int)? {
    if bytes.isEmpty { return nil }
    if bytes.starts(with: signature.prefix(bytes.count)) { return try parseBinary(bytes) }
    if bytes.starts(with: linePrefix.prefix(bytes.count)) { return try parseLine(bytes) }
    throw .missing
  }

  private static func parseBinary(
    _ bytes: ArraySlice<UInt8>
  ) throws(ProxyProtocolError) -> (header: ProxyHeader, length: Int)? {
    var input = ByteReader(bytes)
    guard input.take(signature.count) != nil else { return nil }
    // Each byte is judged as it comes: a sender that cannot be understood is not waited for.
    guard let version = input.byte() else { return nil }
    guard version >> 4 == 2, version & 15 <= 1 else { throw .unsupported }
    guard let family = input.byte() else { return nil }
    let isLocal = version & 15 == 0
    let kind = isLocal ? .unspecified : try AddressKind(family)
    guard let length = input.number16() else { return nil }
    let total = signature.count + 4 + length
    guard total <= maximumLength else { throw .tooLong(maximum: maximumLength) }
    guard bytes.count >= total else { return nil }
    let whole = bytes.prefix(total)
    // The content of a LOCAL header is to be skipped, whatever it is.
    if isLocal { return (.local, total) }
    var content = ByteReader(whole.dropFirst(signature.count + 4))
    var header = ProxyHeader(command: .proxy, nil, nil, [])
    if let addresses = try kind.addresses(&content) {
      (header.source, header.destination) = addresses
    }
    header.fields = try fields(content.rest, of: whole)
    return (header, total)
  }

  private static func fields(
    _ bytes: ArraySlice<UInt8>, of header: ArraySlice<UInt8>
  ) throws(ProxyProtocolError) -> [Field] {
    var input = ByteReader(bytes)
    var fields: [Field] = []
    while !input.isAtEnd {
      guard let field = input.field() else { throw .badLength }
      switch field.type {
      case FieldType.padding: continue
      case FieldType.checksum:
        try verify(field.value, at: field.value.startIndex, in: header)
        continue
      case FieldType.uniqueID:
        guard field.value.count <= FieldType.maximumIDLength else { throw .badLength }
      case FieldType.tls: _ = try TLS(decoding: field.value)
      default: break
      }
      fields.append(Field(type: field.type, value: Array(field.value)))
    }
    return fields
  }

  /// The checksum is that of the whole header with zeros in its own place.
  private static func verify(
    _ value: ArraySlice<UInt8>, at index: Int, in header: ArraySlice<UInt8>
  ) throws(ProxyProtocolError) {
    guard value.count == 4 else { throw .badLength }
    var covered = Array(header)
    let start = index - header.startIndex
    covered.replaceSubrange(start..<start + 4, with: [0, 0, 0, 0])
    let sent = value.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    guard CRC32C.checksum(covered) == sent else { throw .badChecksum }
  }
}

/// The byte with the address family and the transport protocol of version 2.
enum AddressKind: UInt8 {
  case unspecified = 0x00
  case ipv4 = 0x11
  case ipv6 = 0x21
  case unix = 0x31

  /// - Throws: for datagrams as well: what is forwarded here is a stream.
  init(_ byte: UInt8) throws(ProxyProtocolError) {
    guard let kind = AddressKind(rawValue: byte) else { throw .unsupported }
    self = kind
  }

  /// The length of one address and of one port.
  var lengths: (address: Int, port: Int) {
    switch self {
    case .unspecified: (0, 0)
    case .ipv4: (4, 2)
    case .ipv6: (16, 2)
    case .unix: (108, 0)
    }
  }

  /// Reads both addresses; nil where the header has none.
  func addresses(
    _ input: inout ByteReader
  ) throws(ProxyProtocolError) -> (SocketAddress, SocketAddress)? {
    guard self != .unspecified else { return nil }
    guard let source = input.take(lengths.address), let destination = input.take(lengths.address)
    else { throw .badLength }
    guard self != .unix else { return (Self.unix(source), Self.unix(destination)) }
    guard let sourcePort = input.number16(), let destinationPort = input.number16() else {
      throw .badLength
    }
    return (Self.ip(source, sourcePort), Self.ip(destination, destinationPort))
  }

  private static func ip(_ bytes: ArraySlice<UInt8>, _ port: Int) -> SocketAddress {
    func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    if bytes.count == 4 {
      return SocketAddress(.ipv4(address: UInt32(number(bytes)), port: UInt16(port)))
    }
    return SocketAddress(
      .ipv6(
        high: number(bytes.prefix(8)), low: number(bytes.suffix(8)), scope: 0, port: UInt16(port)))
  }

  /// The name is padded with zeros; one that begins with a zero is abstract (unix(7)).
  private static func unix(_ bytes: ArraySlice<UInt8>) -> SocketAddress {
    let isAbstract = bytes.first == 0 && bytes.contains { $0 != 0 }
    let name = (isAbstract ? bytes.dropFirst() : bytes).prefix { $0 != 0 }
    // What does not fit a socket address of this system is cut, as it is only shown.
    let text = String(decoding: name.prefix(isAbstract ? 106 : 107), as: UTF8.self)
    return SocketAddress(.unix(isAbstract ? "@" + text : text))
  }
}

/// Takes bytes from the front; nil when there are too few.
struct ByteReader {
  private(set) var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard rest.count >= count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  mutating func byte() -> UInt8? { rest.popFirst() }

  mutating func number16() -> Int? {
    take(2).map { $0.reduce(0) { $0 << 8 | Int($1) } }
  }

  /// A type, a length of two bytes, and the value.
  mutating func field() -> (type: UInt8, value: ArraySlice<UInt8>)? {
    guard let type = byte(), let length = number16(), let value = take(length) else { return nil }
    return (type, value)
  }
}

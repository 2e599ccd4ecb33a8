// Writes a header of version 2 with its checksum.

extension ProxyHeader {
  /// The header as version 2 of the protocol, to be sent before everything else.
  /// - Throws: ``ProxyProtocolError/tooLong(maximum:)`` when it has more than ``maximumLength`` bytes;
  ///   ``ProxyProtocolError/unsupported`` when one address is of a Unix socket and the other is not.
  package func encoded() throws(ProxyProtocolError) -> [UInt8] {
    let (kind, addresses) = try encodedAddresses()
    var bytes = Self.signature
    bytes += [command == .local ? 0x20 : 0x21, kind.rawValue, 0, 0]
    bytes += addresses
    for field in fields where field.type != FieldType.checksum { bytes.append(field) }
    bytes.append(Field(type: FieldType.checksum, value: [0, 0, 0, 0]))
    guard bytes.count <= Self.maximumLength else { throw .tooLong(maximum: Self.maximumLength) }
    let length = bytes.count - Self.signature.count - 4
    bytes[Self.signature.count + 2] = UInt8(length >> 8)
    bytes[Self.signature.count + 3] = UInt8(length & 255)
    let checksum = CRC32C.checksum(bytes)
    bytes.replaceSubrange((bytes.count - 4)..., with: checksum.bigEndianBytes)
    return bytes
  }

  private func encodedAddresses() throws(ProxyProtocolError) -> (AddressKind, [UInt8]) {
    guard command == .proxy, let source, let destination else { return (.unspecified, []) }
    switch (source.storage, destination.storage) {
    case (.ipv4(let from, let fromPort), .ipv4(let to, let toPort)):
      return (
        .ipv4,
        from.bigEndianBytes + to.bigEndianBytes + fromPort.bigEndianBytes + toPort.bigEndianBytes
      )
    case (.unix(let from), .unix(let to)): return (.unix, Self.padded(from) + Self.padded(to))
    default:
      guard let from = source.ipv6, let to = destination.ipv6 else { throw .unsupported }
      return (.ipv6, from.bytes + to.bytes + from.port.bigEndianBytes + to.port.bigEndianBytes)
    }
  }

  private static func padded(_ path: String) -> [UInt8] {
    var bytes = Array(path.utf8.prefix(108))
    if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
    return bytes + [UInt8](repeating: 0, count: 108 - bytes.count)
  }
}

extension [UInt8] {
  mutating func append(_ field: ProxyHeader.Field) {
    self += [field.type] + UInt16(clamping: field.value.count).bigEndianBytes + field.value
  }
}

extension FixedWidthInteger {
  var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}

extension SocketAddress {
  /// The address as IPv6; an IPv4 address is mapped (RFC 4291, 2.5.5.2). Nil for a Unix socket.
  fileprivate var ipv6: (bytes: [UInt8], port: UInt16)? {
    switch storage {
    case .ipv4(let address, let port):
      ([UInt8](repeating: 0, count: 10) + [255, 255] + address.bigEndianBytes, port)
    case .ipv6(let high, let low, _, let port): (high.bigEndianBytes + low.bigEndianBytes, port)
    case .unix: nil
    }
  }
}

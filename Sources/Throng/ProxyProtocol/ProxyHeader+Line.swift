// Version 1: one line of text, `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443` and CRLF. Exact, as the
// specification asks: one space between words, canonical numbers, no line longer than 107 bytes.

extension ProxyHeader {
  static func parseLine(
    _ bytes: ArraySlice<UInt8>
  ) throws(ProxyProtocolError) -> (header: ProxyHeader, length: Int)? {
    let line = bytes.prefix(maximumLineLength)
    guard let end = line.firstIndex(where: { $0 == 13 || $0 == 10 }) else {
      if line.count == maximumLineLength { throw .tooLong(maximum: maximumLineLength) }
      return nil
    }
    guard line[end] == 13 else { throw .badLine }
    guard end + 1 < line.endIndex else {
      if line.count == maximumLineLength { throw .tooLong(maximum: maximumLineLength) }
      return nil
    }
    guard line[end + 1] == 10 else { throw .badLine }
    let length = end + 2 - bytes.startIndex
    return (try header(line[..<end]), length)
  }

  private static func header(_ line: ArraySlice<UInt8>) throws(ProxyProtocolError) -> ProxyHeader {
    let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    // What follows UNKNOWN is to be ignored.
    if words.count > 1, words[1].elementsEqual("UNKNOWN".utf8) {
      return ProxyHeader(command: .proxy, nil, nil, [])
    }
    guard words.count == 6, let family = Family(words[1]) else { throw .badLine }
    guard let source = family.address(words[2], port: words[4]),
      let destination = family.address(words[3], port: words[5])
    else { throw .badAddress }
    return ProxyHeader(source: source, destination: destination)
  }

  /// The second word of a line with addresses.
  private enum Family {
    case ipv4, ipv6

    init?(_ word: ArraySlice<UInt8>) {
      if word.elementsEqual("TCP4".utf8) {
        self = .ipv4
      } else if word.elementsEqual("TCP6".utf8) {
        self = .ipv6
      } else {
        return nil
      }
    }

    func address(_ host: ArraySlice<UInt8>, port: ArraySlice<UInt8>) -> SocketAddress? {
      guard let port = NumericAddress.port(port) else { return nil }
      switch self {
      case .ipv4:
        guard let address = NumericAddress.ipv4(host) else { return nil }
        return SocketAddress(.ipv4(address: address, port: port))
      case .ipv6:
        guard let (high, low) = NumericAddress.ipv6(host) else { return nil }
        return SocketAddress(.ipv6(high: high, low: low, scope: 0, port: port))
      }
    }
  }
}

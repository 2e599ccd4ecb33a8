// A block of IP addresses, as a list of trusted proxies names it (CIDR, RFC 4632).

/// A block of IP addresses: `10.0.0.0/8`, `2001:db8::/32`, or one address.
public struct AddressRange: Hashable, Sendable {
  private enum Block: Hashable, Sendable {
    case ipv4(address: UInt32, length: Int)
    case ipv6(high: UInt64, low: UInt64, length: Int)
    case unix
  }
  private let block: Block

  /// All clients of Unix sockets, which have no IP address.
  public static let unix = AddressRange(block: .unix)

  private init(block: Block) { self.block = block }

  /// Reads a block as text; `unix` means the clients of Unix sockets.
  /// - Throws: ``AddressError/badRange(_:)`` for anything else, and when the address has bits beyond the
  ///   prefix length.
  public init(_ text: String) throws(AddressError) {
    if text == "unix" {
      block = .unix
      return
    }
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let host = Array(parts[0])[...]
    let prefix: Int?
    switch parts.count {
    case 1: prefix = nil
    case 2:
      guard let length = NumericAddress.decimal(parts[1], maximum: 128) else {
        throw .badRange(text)
      }
      prefix = length
    default: throw .badRange(text)
    }
    if let address = NumericAddress.ipv4(host), prefix ?? 0 <= 32 {
      let length = prefix ?? 32
      guard address & ~Self.mask(length) == 0 else { throw .badRange(text) }
      block = .ipv4(address: address, length: length)
    } else if let (high, low) = NumericAddress.ipv6(host) {
      let length = prefix ?? 128
      let (highMask, lowMask) = Self.masks(length)
      guard high & ~highMask == 0, low & ~lowMask == 0 else { throw .badRange(text) }
      block = .ipv6(high: high, low: low, length: length)
    } else {
      throw .badRange(text)
    }
  }

  private static func mask(_ length: Int) -> UInt32 { length == 0 ? 0 : ~0 << (32 - length) }

  private static func masks(_ length: Int) -> (UInt64, UInt64) {
    (~0 << (64 - min(64, length)), ~0 << (128 - max(64, length)))
  }

  /// Whether the address is in the block. An IPv4 client of an IPv6 socket counts as IPv4.
  public func contains(_ address: SocketAddress) -> Bool {
    switch (block, address.storage) {
    case (.unix, .unix): return true
    case (.ipv4(let own, let length), .ipv4(let other, _)):
      return other & Self.mask(length) == own
    case (.ipv4(let own, let length), .ipv6(0, let low, _, _)) where low >> 32 == 0xffff:
      return UInt32(truncatingIfNeeded: low) & Self.mask(length) == own
    case (.ipv6(let ownHigh, let ownLow, let length), .ipv6(let high, let low, _, _)):
      let (highMask, lowMask) = Self.masks(length)
      return high & highMask == ownHigh && low & lowMask == ownLow
    default: return false
    }
  }
}

extension AddressRange: CustomStringConvertible {
  /// A description for log lines and error messages.
  public var description: String {
    switch block {
    case .unix: "unix"
    case .ipv4(let address, let length):
      "\(SocketAddress(.ipv4(address: address, port: 0)).host)/\(length)"
    case .ipv6(let high, let low, let length):
      "\(SocketAddress(.ipv6(high: high, low: low, scope: 0, port: 0)).host)/\(length)"
    }
  }
}

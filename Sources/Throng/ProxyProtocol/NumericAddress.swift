// Numbers and addresses in their canonical text: decimal without leading zeros, so that none can be
// taken for octal; IPv6 as RFC 4291, 2.2 has it.

import Glibc

enum NumericAddress {
  /// A decimal number without leading zeros, up to `maximum`.
  static func decimal(_ digits: some Collection<UInt8>, maximum: Int) -> Int? {
    guard (1...5).contains(digits.count) else { return nil }
    if digits.first == UInt8(ascii: "0"), digits.count > 1 { return nil }
    var number = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      number = number * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return number <= maximum ? number : nil
  }

  static func port(_ digits: some Collection<UInt8>) -> UInt16? {
    decimal(digits, maximum: 65535).map { UInt16($0) }
  }

  static func ipv4(_ text: ArraySlice<UInt8>) -> UInt32? {
    let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var address: UInt32 = 0
    for part in parts {
      guard let number = decimal(part, maximum: 255) else { return nil }
      address = address << 8 | UInt32(number)
    }
    return address
  }

  /// Also with an IPv4 address in its last 32 bits (inet_pton(3)); without a scope.
  static func ipv6(_ text: ArraySlice<UInt8>) -> (high: UInt64, low: UInt64)? {
    guard text.count < Int(INET6_ADDRSTRLEN), !text.contains(0) else { return nil }
    var address = in6_addr()
    guard inet_pton(AF_INET6, String(decoding: text, as: UTF8.self), &address) == 1 else {
      return nil
    }
    return withUnsafeBytes(of: &address) {
      (
        UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)),
        UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      )
    }
  }
}

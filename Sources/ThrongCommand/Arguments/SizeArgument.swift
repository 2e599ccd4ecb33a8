// Sizes in bytes as they are written on a command line: `65536`, `64k`, `1m`.

import ArgumentParser

/// A number of bytes, greater than zero.
struct SizeArgument: Equatable, Sendable {
  let bytes: Int

  init(_ bytes: Int) { self.bytes = bytes }

  /// - Throws: `ValidationError` that says what a size looks like.
  init(parsing text: String) throws {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let unit = text.dropFirst(digits.count).lowercased()
    guard let number = Int(digits), let factor = Self.bytesInUnit[unit] else {
      throw ValidationError("a size is a number of bytes, with k, m or g after it: 65536, 64k, 1m")
    }
    let (product, overflow) = number.multipliedReportingOverflow(by: factor)
    guard !overflow, product > 0, product <= Self.maximum else {
      throw ValidationError("a size is at least 1 byte and less than 2g")
    }
    bytes = product
  }

  private static let bytesInUnit = ["": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30]
  /// What the kernel takes for a buffer's size.
  private static let maximum = Int(Int32.max)
}

extension SizeArgument: CustomStringConvertible {
  /// In the largest unit that leaves a whole number.
  var description: String {
    if bytes % (1 << 20) == 0 { return "\(bytes >> 20)m" }
    if bytes % (1 << 10) == 0 { return "\(bytes >> 10)k" }
    return "\(bytes)"
  }
}

/// A size that can be switched off.
struct SizeLimitArgument: Equatable, Sendable, CustomStringConvertible {
  let bytes: Int?

  init(_ bytes: Int?) { self.bytes = bytes }

  init(parsing text: String) throws {
    bytes = text == "off" ? nil : try SizeArgument(parsing: text).bytes
  }

  var description: String { bytes.map { "\(SizeArgument($0))" } ?? "off" }
}

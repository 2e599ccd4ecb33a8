// Makes a stream of bytes from a stranger safe to show on a terminal. A value; no system calls.

import LinuxSystem

/// Escapes what could control a terminal or is not text: control characters other than newline and
/// tab (C0, DEL and C1), the characters that reorder text, and bytes that are not UTF-8. The carriage
/// return of CR LF is left out: many protocols end lines so.
///
/// A character may arrive in two pieces: an incomplete one is held back until the next piece, and so is
/// a carriage return.
package struct TerminalEscaper {
  private let isEnabled: Bool
  private var heldBack: [UInt8] = []

  private static let carriageReturn = UInt8(ascii: "\r")
  private static let newline = UInt8(ascii: "\n")

  /// - Parameter isEnabled: false to pass everything on as it comes, as to a file.
  package init(isEnabled: Bool = true) { self.isEnabled = isEnabled }

  /// The bytes with escapes such as `\r`, `\x1b` and `\u{202e}`, as UTF-8.
  package mutating func escape(_ bytes: some Collection<UInt8>) -> [UInt8] {
    guard isEnabled else { return Array(bytes) }
    let input = heldBack + bytes
    let complete = input.dropLast(Self.incompleteSuffixLength(input))
    heldBack = Array(input[complete.endIndex...])
    return Self.escapeAll(complete)
  }

  /// What is still held back, escaped: nothing more will come.
  package mutating func finish() -> [UInt8] {
    defer { heldBack = [] }
    return Self.escapeAll(heldBack[...])
  }

  private static func escapeAll(_ input: ArraySlice<UInt8>) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(input.count)
    var rest = input
    while let first = rest.first {
      if first == carriageReturn, rest.dropFirst().first == newline {
        rest = rest.dropFirst()
      } else if isPlain(first) {
        output.append(first)
        rest = rest.dropFirst()
      } else if let scalar = decodeFirst(rest) {
        output += isHarmless(scalar) ? Array(String(scalar).utf8) : Array(escape(of: scalar).utf8)
        rest = rest.dropFirst(UTF8.width(scalar))
      } else {
        output += hexEscape(of: first).utf8
        rest = rest.dropFirst()
      }
    }
    return output
  }

  /// Printable ASCII, newline, tab: the bulk, decided without decoding.
  private static func isPlain(_ byte: UInt8) -> Bool {
    (0x20...0x7e).contains(byte) || byte == 0x0a || byte == 0x09
  }

  /// The first character, nil when the bytes do not begin with one.
  private static func decodeFirst(_ bytes: ArraySlice<UInt8>) -> Unicode.Scalar? {
    var decoder = UTF8()
    var iterator = bytes.prefix(4).makeIterator()
    if case .scalarValue(let scalar) = decoder.decode(&iterator) { return scalar }
    return nil
  }

  private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0...0x1f, 0x7f...0x9f: false
    // Bidirectional embeddings, overrides and isolates; line and paragraph separators.
    case 0x061c, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069: false
    default: true
    }
  }

  /// The escape that stands for a character.
  package static func escape(of scalar: Unicode.Scalar) -> String {
    if scalar == "\r" { return #"\r"# }
    if scalar.isASCII { return hexEscape(of: UInt8(scalar.value)) }
    return #"\u{"# + String(scalar.value, radix: 16) + "}"
  }

  private static func hexEscape(of byte: UInt8) -> String {
    #"\x"# + (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }

  /// How many bytes at the end may be the beginning of a character or line end whose rest has not come.
  package static func incompleteSuffixLength(_ bytes: [UInt8]) -> Int {
    if bytes.last == carriageReturn { return 1 }
    for length in 1...3 where length <= bytes.count {
      let byte = bytes[bytes.count - length]
      if byte & 0b1100_0000 == 0b1000_0000 { continue }
      return length < encodedLength(lead: byte) ? length : 0
    }
    return 0
  }

  private static func encodedLength(lead byte: UInt8) -> Int {
    switch byte {
    case 0xc2...0xdf: 2
    case 0xe0...0xef: 3
    case 0xf0...0xf4: 4
    default: 1
    }
  }
}

// The sequences that terminals send for keys: ECMA-48's control sequences (CSI), the application
// keypad's (SS3), and Escape before a character for Alt. Pure.
//
// A sequence that we do not know is taken whole, so that none of it becomes text.

enum EscapeSequence {
  static let escape: UInt8 = 0x1b
  /// No key of any terminal is longer; what goes on beyond is no sequence.
  private static let longest = 32

  /// The key that the bytes begin with, which begin with Escape; nil when it is not complete.
  static func match(_ bytes: ArraySlice<UInt8>) -> KeyMatch? {
    guard let second = bytes.dropFirst().first else { return nil }
    switch second {
    case UInt8(ascii: "["): return matchControlSequence(bytes)
    case UInt8(ascii: "O"): return matchKeypad(bytes)
    case 0x20..<0x7f: return KeyMatch(.alt(Character(Unicode.Scalar(second))), 2)
    case 0x08, 0x7f: return KeyMatch(.alt("\u{7f}"), 2)
    // Escape twice, before a control key or before a character of several bytes: it was on its own.
    default: return KeyMatch(.escape, 1)
    }
  }

  private static func matchKeypad(_ bytes: ArraySlice<UInt8>) -> KeyMatch? {
    guard let third = bytes.dropFirst(2).first else { return nil }
    // M is the keypad's Enter.
    return KeyMatch(third == UInt8(ascii: "M") ? .enter : key(final: third, isModified: false), 3)
  }

  private static func matchControlSequence(_ bytes: ArraySlice<UInt8>) -> KeyMatch? {
    let body = bytes.dropFirst(2)
    // The Linux console's function keys: ESC [ [ A.
    if body.first == UInt8(ascii: "[") { return body.count < 2 ? nil : KeyMatch(nil, 4) }
    let parameters = body.prefix(longest).prefix { (0x20...0x3f).contains($0) }
    let length = 2 + parameters.count
    guard let final = body.dropFirst(parameters.count).first else {
      return parameters.count < longest ? nil : KeyMatch(nil, length)
    }
    guard (0x40...0x7e).contains(final) else { return KeyMatch(nil, length) }
    return meaning(of: numbers(parameters), final, length: length + 1)
  }

  private static func meaning(of numbers: [Int], _ final: UInt8, length: Int) -> KeyMatch {
    // The second number says which of Shift, Alt and Control are held; 1 is none.
    let isModified = numbers.count > 1 && numbers[1] > 1
    guard final == UInt8(ascii: "~") else {
      return KeyMatch(key(final: final, isModified: isModified), length)
    }
    switch numbers.first {
    case 1, 7: return KeyMatch(.home, length)
    case 3: return KeyMatch(.delete, length)
    case 4, 8: return KeyMatch(.end, length)
    case 200:
      var match = KeyMatch(nil, length)
      match.beginsPaste = true
      return match
    default: return KeyMatch(nil, length)
    }
  }

  private static func key(final: UInt8, isModified: Bool) -> Key? {
    switch final {
    case UInt8(ascii: "A"): .up
    case UInt8(ascii: "B"): .down
    case UInt8(ascii: "C"): isModified ? .wordRight : .right
    case UInt8(ascii: "D"): isModified ? .wordLeft : .left
    case UInt8(ascii: "F"): .end
    case UInt8(ascii: "H"): .home
    default: nil
    }
  }

  private static func numbers(_ parameters: ArraySlice<UInt8>) -> [Int] {
    parameters.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
      .map { Int(String(decoding: $0, as: UTF8.self)) ?? 0 }
  }
}

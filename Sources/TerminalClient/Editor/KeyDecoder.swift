// Decodes the bytes of a terminal into keys. Pure: the caller reads the bytes and keeps the time.
//
// Invariant: `pending` is the beginning of one key whose rest has not come. A read may end anywhere,
// within a character and within an escape sequence.

import ThrongHandlers

struct KeyDecoder {
  /// How long the rest of a key may take: longer than the gaps that a slow line tears into a sequence,
  /// shorter than a user takes from Escape to the next key.
  static let timeout = Duration.milliseconds(100)

  private let pasteLimit: Int
  private var pending: [UInt8] = []
  /// What has been pasted, and as much of the end mark as has come; nil outside a paste.
  private var pasted: [UInt8]?
  private var isPasteOversized = false

  /// - Parameter pasteLimit: maximum bytes of a paste; longer ones are discarded.
  init(pasteLimit: Int) { self.pasteLimit = pasteLimit }

  /// Whether a key has begun whose rest should come within ``timeout``. A paste may take its time.
  var isWaiting: Bool { !pending.isEmpty }

  mutating func decode(_ bytes: some Collection<UInt8>) -> [Key] {
    let input = pending + bytes
    pending = []
    var rest = input[...]
    var keys: [Key] = []
    while !rest.isEmpty {
      if pasted != nil {
        if let key = takePasted(&rest) { keys.append(key) }
      } else if let match = Self.match(rest) {
        rest = rest.dropFirst(match.length)
        if match.beginsPaste { pasted = [] }
        if let key = match.key { keys.append(key) }
      } else {
        pending = Array(rest)
        break
      }
    }
    return keys
  }

  /// The rest does not come: what has come is Escape, a broken character, or an unknown key.
  mutating func expire() -> [Key] {
    guard let first = pending.first else { return [] }
    defer { pending = [] }
    guard first == EscapeSequence.escape else { return [.text("\u{fffd}")] }
    return pending.count == 1 ? [.escape] : []
  }

  // MARK: One key

  /// What the bytes begin with; nil when that is not complete.
  private static func match(_ bytes: ArraySlice<UInt8>) -> KeyMatch? {
    switch bytes[bytes.startIndex] {
    case EscapeSequence.escape: EscapeSequence.match(bytes)
    case 0x0a, 0x0d: KeyMatch(.enter, 1)
    case 0x08, 0x7f: KeyMatch(.backspace, 1)
    case 0x09, 0x20...: matchText(bytes)
    case let byte: KeyMatch(.control(Character(Unicode.Scalar(byte | 0x60))), 1)
    }
  }

  private static func matchText(_ bytes: ArraySlice<UInt8>) -> KeyMatch? {
    let text = bytes.prefix { $0 == 0x09 || $0 >= 0x20 && $0 != 0x7f }
    let isAtEnd = text.count == bytes.count
    let incomplete = isAtEnd ? TerminalEscaper.incompleteSuffixLength(Array(text.suffix(3))) : 0
    let complete = text.dropLast(incomplete)
    if complete.isEmpty { return nil }
    return KeyMatch(.text(String(decoding: complete, as: UTF8.self)), complete.count)
  }

  // MARK: Pasting

  private static let pasteEnd = Array("\u{1b}[201~".utf8)

  /// Takes what belongs to the paste; the key when that was all of it.
  private mutating func takePasted(_ rest: inout ArraySlice<UInt8>) -> Key? {
    var text = pasted.take() ?? []
    while let byte = rest.popFirst() {
      text.append(byte)
      guard text.suffix(Self.pasteEnd.count).elementsEqual(Self.pasteEnd) else { continue }
      defer { isPasteOversized = false }
      text.removeLast(Self.pasteEnd.count)
      return isPasteOversized || text.count > pasteLimit
        ? .oversizedPaste : .paste(Self.withNewlines(String(decoding: text, as: UTF8.self)))
    }
    if text.count > pasteLimit + Self.pasteEnd.count {
      isPasteOversized = true
      text.removeFirst(text.count - Self.pasteEnd.count)
    }
    pasted = text
    return nil
  }

  /// Terminals paste line ends as the Enter key would send them.
  private static func withNewlines(_ text: String) -> String {
    String(text.map { $0 == "\r" || $0 == "\r\n" ? "\n" : $0 })
  }
}

/// What some bytes begin with.
struct KeyMatch {
  /// Nil for a key without a meaning here.
  let key: Key?
  let length: Int
  var beginsPaste = false

  init(_ key: Key?, _ length: Int) {
    self.key = key
    self.length = length
  }
}

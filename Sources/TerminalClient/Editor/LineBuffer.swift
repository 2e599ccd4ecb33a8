// The text being typed and the cursor in it. Pure.
//
// Invariant: `cursor` is in 0...characters.count, and no two neighbours of `characters` would be one
// character in a string: a combining mark joins what stands before it.

package struct LineBuffer: Equatable {
  /// In bytes. Longer text, such as a file, can be sent through a pipe.
  package static let standardLimit = 64 << 10

  /// Maximum length in bytes of UTF-8.
  let limit: Int
  private(set) var characters: [Character] = []
  /// How many characters stand before the cursor.
  private(set) var cursor = 0

  init(limit: Int) { self.limit = limit }

  var text: String { String(characters) }
  var isEmpty: Bool { characters.isEmpty }
  var end: Int { characters.count }

  /// - Returns: false when the text would make the line too long; then nothing has changed.
  mutating func insert(_ text: String) -> Bool {
    let before = String(characters[..<cursor]) + text
    let after = String(characters[cursor...])
    guard before.utf8.count + after.utf8.count <= limit else { return false }
    set(before, after)
    return true
  }

  /// Removes the characters and leaves the cursor where they were.
  /// - Returns: what is gone.
  @discardableResult
  mutating func remove(_ range: Range<Int>) -> String {
    let removed = String(characters[range])
    set(String(characters[..<range.lowerBound]), String(characters[range.upperBound...]))
    return removed
  }

  /// Another text, with the cursor at its end.
  mutating func replace(with text: String) { set(text, "") }

  mutating func move(to index: Int) { cursor = min(max(0, index), end) }

  private mutating func set(_ before: String, _ after: String) {
    characters = Array(before + after)
    // Where a mark has joined the two, the cursor goes behind the character that has come of it.
    var rest = before.utf8.count
    cursor =
      characters.prefix { character in
        defer { rest -= character.utf8.count }
        return rest > 0
      }.count
  }

  // MARK: Words

  /// Where the word before the cursor begins; letters and digits make a word.
  var wordStart: Int { start(where: Self.isInWord) }
  /// The same where everything but blanks makes a word, as for Control-W.
  var blankDelimitedWordStart: Int { start { !$0.isWhitespace } }
  /// Where the word at or after the cursor ends.
  var wordEnd: Int {
    let rest = characters[cursor...].drop { !Self.isInWord($0) }
    return rest.firstIndex { !Self.isInWord($0) } ?? end
  }

  private static func isInWord(_ character: Character) -> Bool {
    character.isLetter || character.isNumber
  }

  private func start(where belongs: (Character) -> Bool) -> Int {
    guard let last = characters[..<cursor].lastIndex(where: belongs) else { return 0 }
    return characters[..<last].lastIndex { !belongs($0) }.map { $0 + 1 } ?? 0
  }
}

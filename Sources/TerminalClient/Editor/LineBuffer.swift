// The text being typed and the place in it. Pure.
//
// Invariant: `cursor` is in 0...characters.count, and no two neighbours of `characters` would be one
// character in a string: a combining mark joins what stands before it.

package struct LineBuffer: Equatable {
  /// In bytes. Longer text, such as a file, can be sent through a pipe.
  package static let standardLimit = 64 << 10

  /// Maximum length in bytes of UTF-8.
  let limit: Int
  private(set) var characters: [Character] = []
  /// How many characters stand before the place where typing goes on.
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

  mutating func move(to place: Int) { cursor = min(max(0, place), characters.count) }

  private mutating func set(_ before: String, _ after: String) {
    characters = Array(before + after)
    // Where a mark has joined the two, the cursor goes behind the character that has come of it.
    let offset = before.utf8.count
    var place = 0
    var passed = 0
    while passed < offset {
      passed += characters[place].utf8.count
      place += 1
    }
    cursor = place
  }

  // MARK: Words

  /// Where the word before the cursor begins; letters and digits make a word.
  var wordStart: Int { start { $0.isLetter || $0.isNumber } }
  /// The same where everything but blanks makes a word, as for Control-W.
  var blankDelimitedWordStart: Int { start { !$0.isWhitespace } }

  private func start(where belongs: (Character) -> Bool) -> Int {
    var place = cursor
    while place > 0, !belongs(characters[place - 1]) { place -= 1 }
    while place > 0, belongs(characters[place - 1]) { place -= 1 }
    return place
  }

  /// Where the word at or after the cursor ends.
  var wordEnd: Int {
    func belongs(_ character: Character) -> Bool { character.isLetter || character.isNumber }
    var place = cursor
    while place < end, !belongs(characters[place]) { place += 1 }
    while place < end, belongs(characters[place]) { place += 1 }
    return place
  }
}

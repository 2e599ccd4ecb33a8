// What a person does at the keyboard, whatever bytes their terminal sends for it.

/// A key, or text.
enum Key: Equatable {
  /// Characters as they were typed, tabs among them.
  case text(String)
  /// What was pasted, its line ends as newlines.
  case paste(String)
  /// What was pasted was longer than a line may be, and is gone.
  case oversizedPaste
  case enter, backspace, delete, escape
  case left, right, up, down, home, end
  case wordLeft, wordRight
  /// Control and a key: `control("a")`.
  case control(Character)
  /// Alt (Meta) and a key, or Escape and then the key.
  case alt(Character)
}

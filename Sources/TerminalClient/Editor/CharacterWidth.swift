// How many columns of a terminal a character takes. Pure.

import LinuxSystem

extension Character {
  /// 0, 1 or 2 for nearly all characters. Sequences that terminals may join into one, such as families of
  /// emoji, count with the sum, because a result that is too large is harmless (see `Screen`).
  var columns: Int {
    if isASCII { return 1 }
    let sum = unicodeScalars.reduce(0) { $0 + (CharacterColumns.count(of: $1) ?? 1) }
    // The variation selector asks for the emoji form of a character that also has a text form.
    return unicodeScalars.contains("\u{fe0f}") ? max(2, sum) : sum
  }
}

// How many columns of a terminal a character takes (wcwidth(3)). Any thread.

import CEpollShim

package enum CharacterColumns {
  /// wcwidth(3) depends on the locale, and in the C locale it knows only ASCII.
  private nonisolated(unsafe) static let locale: locale_t? = newlocale(
    LC_CTYPE_MASK, "C.UTF-8", nil)

  /// Nil for control characters, unassigned ones, and without the locale C.UTF-8.
  package static func count(of scalar: Unicode.Scalar) -> Int? {
    guard let locale else { return nil }
    let columns = shim_character_columns(scalar.value, locale)
    return columns < 0 ? nil : Int(columns)
  }
}

// Why the client cannot go on. A value.

/// An error in one sentence, with its remedy where there is one.
package struct TerminalClientError: Error, Equatable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}

// Waiting for a condition with a deadline that only ends a hang.

import Glibc

/// A failure on a thread that belongs to no test, where `#expect` cannot be used.
package struct TestFailure: Error, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}

package func check(_ condition: Bool, _ text: @autoclosure () -> String) throws {
  if !condition { throw TestFailure(text()) }
}

/// Evaluates the condition every millisecond until it holds; throws at the deadline.
package func eventually(
  _ what: String, within limit: Duration = .seconds(30), _ condition: () throws -> Bool
) throws {
  let deadline = ContinuousClock.now + limit
  while try !condition() {
    if ContinuousClock.now >= deadline { throw TestFailure("not within \(limit): \(what)") }
    poll(nil, 0, 1)
  }
}

// A value that handlers, clients and tests share, and wait on.

import Foundation

package final class Shared<Value: Sendable>: @unchecked Sendable {
  // Invariant behind @unchecked: `content` is touched only while `condition` is locked.
  private let condition = NSCondition()
  private var content: Value

  package init(_ value: Value) { content = value }

  package var value: Value { condition.withLock { content } }

  @discardableResult
  package func change<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    try condition.withLock {
      defer { condition.broadcast() }
      return try body(&content)
    }
  }

  /// Waits for a change that makes the condition true; throws at the deadline.
  package func wait(
    _ what: String, within limit: Duration = .seconds(30), until isTrue: (Value) -> Bool
  ) throws {
    let deadline = Date(timeIntervalSinceNow: TimeInterval(limit.components.seconds))
    try condition.withLock {
      while !isTrue(content) {
        if !condition.wait(until: deadline) { throw TestFailure("not within \(limit): \(what)") }
      }
    }
  }

  /// Runs `body` under the lock until it returns a value, again after each change.
  package func wait<Result>(for body: (inout Value) -> Result?) -> Result {
    condition.withLock {
      while true {
        if let result = body(&content) { return result }
        condition.wait()
      }
    }
  }
}

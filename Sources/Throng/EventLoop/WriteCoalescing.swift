// Whether what may wait for the end of the loop's turn should. To wait costs a second pass over everybody
// who is written to, and pays when more comes meanwhile that goes out with it. So the loop watches: when
// nothing has joined several broadcasts in a row, the next ones are sent at once, until something comes
// while one is under way.

import LinuxSystem

struct WriteCoalescing {
  /// Broadcasts in a row that nothing has joined, as far as it matters.
  private var uncoalesced = 0
  /// Whether something was added to what waited.
  private var hasCoalesced = false
  /// Whether this turn has brought one event and nothing else.
  private var isQuiet = false
  /// Who was the first in this turn to be sent to at once, and how many were.
  private var first: Token?
  private var count = 0

  /// After so many uncoalesced broadcasts the next is expected to be uncoalesced too.
  private static let enough = 3
  /// A broadcast that is sent at once looks for company after the first few members, and then each time
  /// after so many.
  private static let few = 8
  private static let many = 64

  /// Whether a write that might wait goes out at once.
  /// - Parameter hasEvents: whether events are at hand.
  mutating func sendsAtOnce(to token: Token, hasEvents: () -> Bool) -> Bool {
    guard isQuiet, uncoalesced == Self.enough else { return false }
    count += 1
    if first == nil {
      first = token
    } else if first == token {
      // A second broadcast in one turn could have gone out with the first.
      uncoalesced = 0
    } else if count % Self.many == Self.few, hasEvents() {
      uncoalesced = 0
    }
    return uncoalesced == Self.enough
  }

  /// Something was added to what waits.
  mutating func noteCoalesced() { hasCoalesced = true }

  /// What has waited for many was sent.
  mutating func noteFlushed() {
    uncoalesced = hasCoalesced ? 0 : min(uncoalesced + 1, Self.enough)
    hasCoalesced = false
  }

  mutating func beginTurn(eventCount: Int) {
    isQuiet = eventCount == 1
    first = nil
    count = 0
  }
}

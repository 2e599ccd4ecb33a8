// Decides whether a deferred write is sent now or coalesced with later ones at the end of the turn.
// Deferring costs a second pass over the connections that are written to, and pays when more writes come
// in the meantime. When no write has joined several broadcasts in a row, the next ones are sent at once,
// until an event comes during one.

import LinuxSystem

struct WriteCoalescing {
  /// Broadcasts in a row that nothing has joined, as far as it matters.
  private var uncoalesced = 0
  /// Whether something was added to what waited.
  private var hasCoalesced = false
  /// Whether this turn has brought one event and nothing else.
  private var isQuiet = false
  /// The first connection in this turn that was sent to at once, and the number of them.
  private var first: Token?
  private var count = 0

  /// After this many broadcasts in a row without coalescing, the next is sent at once.
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

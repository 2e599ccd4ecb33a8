// The event sources of a loop by slot. A slot is reused with the next generation, so that a stale token
// finds no source. Belongs to the loop's thread, or is held under the loop's lock.

import LinuxSystem

struct RegistrationTable {
  private struct Slot {
    var source: (any EventSource)?
    var generation: UInt32 = 0
  }

  private var slots: ContiguousArray<Slot> = []
  private var free: ContiguousArray<UInt32> = []

  /// How many slots are taken.
  var count: Int { slots.count - free.count }

  mutating func insert(_ source: any EventSource) -> Token {
    if let slot = free.popLast() {
      slots[Int(slot)].source = source
      return Token(slot: Int(slot), generation: slots[Int(slot)].generation)
    }
    slots.append(Slot(source: source))
    return Token(slot: slots.count - 1, generation: 0)
  }

  /// The source that the token names; nil when it is gone.
  subscript(token: Token) -> (any EventSource)? {
    guard token.slot < slots.count, slots[token.slot].generation == token.generation else {
      return nil
    }
    return slots[token.slot].source
  }

  mutating func remove(_ token: Token) {
    precondition(self[token] != nil, "a slot is released once")
    slots[token.slot].source = nil
    slots[token.slot].generation &+= 1
    free.append(UInt32(token.slot))
  }

  /// All registered sources.
  var sources: [any EventSource] { slots.compactMap(\.source) }
}

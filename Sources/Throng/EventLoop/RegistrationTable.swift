// The event sources of a loop by slot. A slot is reused with a later generation, so that a stale token
// finds no source. Belongs to the loop's thread, or is held under the loop's lock.
//
// Calling a source through its `Slot` retains nothing, which saves 40 instructions an event. Hence a
// source that is removed, often by its own callback, is kept until `popRemoved`.

import LinuxSystem

struct RegistrationTable: ~Copyable {
  /// A constant in a value that cannot be copied: while its method runs, the compiler relies on the
  /// reference as it is there.
  struct Slot: ~Copyable {
    private let kind: Kind

    /// Eight bytes instead of the sixteen of an existential: nearly all sources are connections, which are called
    /// directly. None of these can be copied either, for the same reason.
    private enum Kind: ~Copyable {
      case connection(Constant<NonBlockingConnection>)
      case other(Constant<Other>)
    }

    private struct Constant<Source: AnyObject & Sendable>: ~Copyable {
      let source: Source
    }

    private final class Other: Sendable {
      let source: any EventSource
      init(_ source: any EventSource) { self.source = source }
    }

    fileprivate init(_ source: any EventSource) {
      if let connection = source as? NonBlockingConnection {
        kind = .connection(Constant(source: connection))
      } else {
        kind = .other(Constant(source: Other(source)))
      }
    }

    fileprivate var source: any EventSource {
      switch kind {
      case .connection(let connection): connection.source
      case .other(let other): other.source.source
      }
    }

    @inline(__always)
    borrowing func handleEvents(_ readiness: Readiness, _ buffer: inout ReceiveBuffer) {
      switch kind {
      case .connection(let connection): connection.source.handleEvents(readiness, &buffer)
      case .other(let other): other.source.source.handleEvents(readiness, &buffer)
      }
    }

    @inline(__always)
    borrowing func handleWakeup(now: MonotonicTime) {
      switch kind {
      case .connection(let connection): connection.source.handleWakeup(now: now)
      case .other(let other): other.source.source.handleWakeup(now: now)
      }
    }
  }

  /// Without a value where the slot is free. May move when a source is inserted: a caller's pointer is
  /// good for one call, which reads the slot before the source runs and never after.
  private var slots: UnsafeMutablePointer<Slot>
  /// Even: the slot is taken. Odd: it is free, or its source is in `removed`.
  private var generations: UnsafeMutablePointer<UInt32>
  private var capacity = 16
  /// How many slots were ever taken.
  private var end = 0
  private var free: ContiguousArray<UInt32> = []
  /// Slots whose source is gone, but may still be in a call.
  private var removed: ContiguousArray<UInt32> = []

  init() {
    slots = .allocate(capacity: capacity)
    generations = .allocate(capacity: capacity)
  }

  deinit {
    for slot in 0..<end where generations[slot] % 2 == 0 { (slots + slot).deinitialize(count: 1) }
    for slot in removed { (slots + Int(slot)).deinitialize(count: 1) }
    slots.deallocate()
    generations.deallocate()
  }

  /// How many slots are taken.
  var count: Int { end - free.count - removed.count }

  mutating func insert(_ source: any EventSource) -> Token {
    let slot: Int
    if let last = free.popLast() {
      slot = Int(last)
      generations[slot] &+= 1
    } else {
      if end == capacity { grow() }
      slot = end
      generations[slot] = 0
      end += 1
    }
    (slots + slot).initialize(to: Slot(source))
    return Token(slot: slot, generation: generations[slot])
  }

  /// Where the source is that the token names; nil when it is gone.
  @inline(__always)
  func slot(_ token: Token) -> UnsafeMutablePointer<Slot>? {
    let slot = token.slot
    guard slot < end, generations[slot] == token.generation else { return nil }
    return slots + slot
  }

  /// The token of the source in the slot; nil when the slot is free.
  func token(at slot: Int) -> Token? {
    let generation = generations[slot]
    return generation % 2 == 0 ? Token(slot: slot, generation: generation) : nil
  }

  /// The source that the token names; nil when it is gone.
  subscript(token: Token) -> (any EventSource)? { slot(token)?.pointee.source }

  /// From now on the token names no source.
  mutating func remove(_ token: Token) {
    precondition(slot(token) != nil, "a slot is released once")
    generations[token.slot] &+= 1
    removed.append(UInt32(token.slot))
  }

  /// Takes a removed source out of its slot, for the caller to release. Only while no source is called
  /// through its slot.
  @inline(__always)
  mutating func popRemoved() -> (any EventSource)? { removed.isEmpty ? nil : takeRemoved() }

  @inline(never)
  private mutating func takeRemoved() -> any EventSource {
    let slot = removed.removeLast()
    free.append(slot)
    return (slots + Int(slot)).move().source
  }

  /// All registered sources.
  var sources: [any EventSource] {
    (0..<end).filter { generations[$0] % 2 == 0 }.map { slots[$0].source }
  }

  private mutating func grow() {
    let larger = UnsafeMutablePointer<Slot>.allocate(capacity: 2 * capacity)
    for slot in 0..<end where generations[slot] % 2 == 0 {
      (larger + slot).moveInitialize(from: slots + slot, count: 1)
    }
    for slot in removed {
      (larger + Int(slot)).moveInitialize(from: slots + Int(slot), count: 1)
    }
    let laterGenerations = UnsafeMutablePointer<UInt32>.allocate(capacity: 2 * capacity)
    laterGenerations.moveInitialize(from: generations, count: end)
    slots.deallocate()
    generations.deallocate()
    slots = larger
    generations = laterGenerations
    capacity *= 2
  }
}

// At most one timer for each slot: a binary heap of deadlines, and for each slot its place in the heap
// so that a timer can be moved or cancelled. Setting, cancelling and firing cost O(log n); nothing is
// scanned. Belongs to the loop's thread, or is held under the loop's lock.

import LinuxSystem

struct Timers {
  /// Twelve bytes: nearly every connection has a timer.
  private struct Entry {
    private let lower: UInt32
    private let upper: UInt32
    private let number: UInt32

    init(_ deadline: MonotonicTime, _ slot: Int) {
      lower = UInt32(truncatingIfNeeded: deadline.nanoseconds)
      upper = UInt32(truncatingIfNeeded: deadline.nanoseconds >> 32)
      number = UInt32(truncatingIfNeeded: slot)
    }

    var deadline: MonotonicTime {
      MonotonicTime(nanoseconds: UInt64(upper) << 32 | UInt64(lower))
    }
    var slot: Int { Int(number) }
  }

  private var heap: ContiguousArray<Entry> = []
  private var places: ContiguousArray<Int32> = []
  private static let nowhere: Int32 = -1

  var count: Int { heap.count }

  /// The earliest deadline; `.never` when there is none.
  var earliest: MonotonicTime { heap.first?.deadline ?? .never }

  /// Sets the timer of the token's slot, in place of the one that it had; `.never` cancels it.
  mutating func set(_ token: Token, at deadline: MonotonicTime) {
    if deadline == .never { return cancel(token) }
    while places.count <= token.slot { places.append(Self.nowhere) }
    let entry = Entry(deadline, token.slot)
    let place = Int(places[token.slot])
    if place == Int(Self.nowhere) {
      heap.append(entry)
      siftUp(heap.count - 1)
    } else {
      heap[place] = entry
      siftUp(place)
      siftDown(Int(places[token.slot]))
    }
  }

  mutating func cancel(_ token: Token) {
    guard token.slot < places.count, places[token.slot] != Self.nowhere else { return }
    remove(at: Int(places[token.slot]))
  }

  /// Takes the earliest timer whose deadline has come.
  /// - Returns: its slot. The timer is that of the source which is registered there: the timer of one that is removed
  ///   was cancelled.
  mutating func popDue(_ now: MonotonicTime) -> Int? {
    guard let first = heap.first, first.deadline <= now else { return nil }
    remove(at: 0)
    return first.slot
  }

  private mutating func remove(at place: Int) {
    places[heap[place].slot] = Self.nowhere
    let last = heap.removeLast()
    guard place < heap.count else { return }
    heap[place] = last
    siftUp(place)
    siftDown(Int(places[last.slot]))
  }

  private mutating func siftUp(_ start: Int) {
    var place = start
    let entry = heap[place]
    while place > 0 {
      let parent = (place - 1) / 2
      if heap[parent].deadline <= entry.deadline { break }
      put(heap[parent], at: place)
      place = parent
    }
    put(entry, at: place)
  }

  private mutating func siftDown(_ start: Int) {
    var place = start
    let entry = heap[place]
    while true {
      var child = 2 * place + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1].deadline < heap[child].deadline { child += 1 }
      if entry.deadline <= heap[child].deadline { break }
      put(heap[child], at: place)
      place = child
    }
    put(entry, at: place)
  }

  private mutating func put(_ entry: Entry, at place: Int) {
    heap[place] = entry
    places[entry.slot] = Int32(place)
  }
}

// A first-in, first-out queue for jobs, wakeups and events, several of which each message passes
// through. `Deque` checks at each append whether its storage is shared; this one has a single owner.
// Belongs to the loop's thread, or is held under the loop's lock.

struct Ring<Element>: ~Copyable {
  private var elements: UnsafeMutablePointer<Element>
  /// A power of two, so that a place is found by a mask.
  private var capacity: Int
  /// The place of the first element.
  private var head = 0
  private(set) var count = 0

  /// - Parameter capacity: for how many elements there is room at first; a power of two.
  init(capacity: Int = 16) {
    self.capacity = capacity
    elements = .allocate(capacity: capacity)
  }

  deinit {
    for offset in 0..<count { (elements + place(offset)).deinitialize(count: 1) }
    elements.deallocate()
  }

  var isEmpty: Bool { count == 0 }

  @inline(__always)
  mutating func append(_ element: consuming Element) {
    if count == capacity { grow() }
    (elements + place(count)).initialize(to: element)
    count += 1
  }

  @inline(__always)
  mutating func popFirst() -> Element? {
    guard count > 0 else { return nil }
    let element = (elements + head).move()
    head = place(1)
    count -= 1
    return element
  }

  @inline(__always)
  private func place(_ offset: Int) -> Int { (head &+ offset) & (capacity &- 1) }

  @inline(never)
  private mutating func grow() {
    let larger = UnsafeMutablePointer<Element>.allocate(capacity: 2 * capacity)
    let untilEnd = capacity - head
    larger.moveInitialize(from: elements + head, count: untilEnd)
    (larger + untilEnd).moveInitialize(from: elements, count: head)
    elements.deallocate()
    elements = larger
    capacity *= 2
    head = 0
  }
}

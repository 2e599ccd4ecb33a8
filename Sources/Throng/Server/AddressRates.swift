// How fast each address may connect. A table of fixed size, so that clients of very many addresses cost no
// memory: an address takes the place of the one that has been quiet longest, which then starts anew. Not
// locked.

import LinuxSystem

struct AddressRates: Sendable {
  private struct Entry: Sendable {
    /// The hash of an address; its seed differs from process to process, so clients cannot choose one.
    var tag: Int
    var bucket: TokenBucket
  }

  static let sets = 1024
  static let ways = 4

  private let rate: Int
  private var entries: [Entry]

  /// - Parameter rate: accepts a second of one address, and how many it may make at once.
  init(rate: Int, now: MonotonicTime) {
    self.rate = rate
    let empty = Entry(tag: 0, bucket: TokenBucket(rate: rate, burst: rate, now: now))
    entries = Array(repeating: empty, count: Self.sets * Self.ways)
  }

  /// Counts one accept.
  /// - Parameter address: as the limits count it, `countedAddress`.
  /// - Returns: whether the rate allows it.
  mutating func allows(_ address: SocketAddress, now: MonotonicTime) -> Bool {
    let tag = address.hashValue
    let first = (tag & (Self.sets - 1)) * Self.ways
    var place = first
    for index in first..<first + Self.ways {
      if entries[index].tag == tag {
        return entries[index].bucket.take(now) == nil
      }
      if entries[index].bucket.filledAt < entries[place].bucket.filledAt { place = index }
    }
    entries[place] = Entry(tag: tag, bucket: TokenBucket(rate: rate, burst: rate, now: now))
    return entries[place].bucket.take(now) == nil
  }
}

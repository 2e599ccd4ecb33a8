// What a worker records: once a message, into histograms of nanoseconds that nobody else touches. Once
// a second it hands them to the coordinating thread and goes on with an empty set.

import Histogram
import Synchronization

typealias Latencies = Histogram<UInt64>

extension Latencies {
  /// Longer times are counted as this one: half an hour.
  static var longest: UInt64 { 1_800_000_000_000 }

  static func make() -> Latencies {
    Latencies(highestTrackableValue: longest, numberOfSignificantValueDigits: .three)
  }

  @inline(__always)
  mutating func note(_ nanoseconds: UInt64, count: Int = 1) {
    record(Swift.min(nanoseconds, Self.longest), count: UInt64(truncatingIfNeeded: count))
  }

  /// Adding and emptying go over all buckets: not for what is empty anyway.
  mutating func merge(_ other: Latencies) { if other.totalCount > 0 { add(other) } }
  mutating func clear() { if totalCount > 0 { reset() } }
}

struct Records {
  /// From the intended send time on; in the closed loop that is the send time.
  var latency = Latencies.make()
  /// From the send time on: open loop only.
  var uncorrected = Latencies.make()
  /// How much later than intended messages were sent whose connection was free: open loop only.
  var sendDelay = Latencies.make()
  /// How long connects took.
  var connect = Latencies.make()
  /// How much later than asked the loop called back.
  var loopLag = Latencies.make()
  var messages = 0
  /// Messages that have come to a receiver of a fan-out.
  var deliveries = 0
  /// Lines that came to one besides: also before it was measured.
  var otherLines = 0
  var sentMessages = 0
  var sentBytes = 0
  var receivedBytes = 0
  /// Bytes that slow clients have taken.
  var slowBytes = 0
  /// Messages sent more than a millisecond late.
  var late = 0
  /// Messages whose time came and that were never sent.
  var unsent = 0

  mutating func merge(_ other: Records) {
    latency.merge(other.latency)
    uncorrected.merge(other.uncorrected)
    sendDelay.merge(other.sendDelay)
    connect.merge(other.connect)
    loopLag.merge(other.loopLag)
    messages += other.messages
    deliveries += other.deliveries
    otherLines += other.otherLines
    sentMessages += other.sentMessages
    sentBytes += other.sentBytes
    receivedBytes += other.receivedBytes
    slowBytes += other.slowBytes
    late += other.late
    unsent += other.unsent
  }

  mutating func reset() {
    latency.clear()
    uncorrected.clear()
    sendDelay.clear()
    connect.clear()
    loopLag.clear()
    messages = 0
    deliveries = 0
    otherLines = 0
    sentMessages = 0
    sentBytes = 0
    receivedBytes = 0
    slowBytes = 0
    late = 0
    unsent = 0
  }
}

/// Records behind a reference, so that handing them over copies nothing.
final class RecordBox: @unchecked Sendable {
  // Invariant behind @unchecked: whoever has taken it from the exchange is its only user.
  /// Behind a pointer, because a class's stored properties are checked for exclusive access at run time.
  let records: UnsafeMutablePointer<Records>

  init() {
    records = .allocate(capacity: 1)
    records.initialize(to: Records())
  }

  deinit {
    records.deinitialize(count: 1)
    records.deallocate()
  }
}

/// Where a worker leaves full records and finds empty ones.
final class RecordExchange: Sendable {
  private struct Boxes {
    var full: [RecordBox] = []
    var empty: [RecordBox] = []
  }
  private let boxes = Mutex(Boxes())

  func swap(_ full: RecordBox) -> RecordBox {
    boxes.withLock { b in
      b.full.append(full)
      return b.empty.popLast() ?? RecordBox()
    }
  }

  func collect(into records: inout Records) {
    let full = boxes.withLock { b in
      defer { b.full = [] }
      return b.full
    }
    for box in full {
      records.merge(box.records.pointee)
      box.records.pointee.reset()
    }
    boxes.withLock { $0.empty += full }
  }
}

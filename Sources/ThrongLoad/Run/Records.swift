// Counters and latency histograms of a load thread. The thread writes one set and hands it to the
// coordinating thread once a second, so no set is shared while it is written.

import Histogram
import Synchronization

typealias Latencies = Histogram<UInt64>

extension Latencies {
  /// Longest recordable time, half an hour; longer times count as this.
  static var longest: UInt64 { 1_800_000_000_000 }

  static func make() -> Latencies {
    Latencies(highestTrackableValue: longest, numberOfSignificantValueDigits: .three)
  }

  @inline(__always)
  mutating func note(_ nanoseconds: UInt64, count: Int = 1) {
    record(Swift.min(nanoseconds, Self.longest), count: UInt64(truncatingIfNeeded: count))
  }

  /// Adding and clearing visit all buckets, so empty histograms are skipped.
  mutating func merge(_ other: Latencies) { if other.totalCount > 0 { add(other) } }
  mutating func clear() { if totalCount > 0 { reset() } }
}

struct Records {
  /// Latency from the intended send time; in the closed loop, from the send.
  var latency = Latencies.make()
  /// Open loop: latency from the send.
  var uncorrected = Latencies.make()
  /// Open loop: delay between intended and actual send time on free connections.
  var sendDelay = Latencies.make()
  /// Duration of connects.
  var connect = Latencies.make()
  /// Delay of the loop's timer callbacks.
  var loopLag = Latencies.make()
  var messages = 0
  /// Messages received by a receiver of a fan-out.
  var deliveries = 0
  /// Lines without the marker received by a fan-out's receivers, over the whole run.
  var otherLines = 0
  var sentMessages = 0
  var sentBytes = 0
  var receivedBytes = 0
  /// Bytes read by slow readers.
  var slowBytes = 0
  /// Messages sent more than 1 ms late.
  var late = 0
  /// Messages that were due and not sent.
  var unsent = 0

  private static var histograms: [WritableKeyPath<Records, Latencies>] {
    [\.latency, \.uncorrected, \.sendDelay, \.connect, \.loopLag]
  }

  private static var counters: [WritableKeyPath<Records, Int>] {
    [
      \.messages, \.deliveries, \.otherLines, \.sentMessages, \.sentBytes, \.receivedBytes,
      \.slowBytes, \.late, \.unsent,
    ]
  }

  mutating func merge(_ other: Records) {
    for path in Self.histograms { self[keyPath: path].merge(other[keyPath: path]) }
    for path in Self.counters { self[keyPath: path] += other[keyPath: path] }
  }

  mutating func reset() {
    for path in Self.histograms { self[keyPath: path].clear() }
    for path in Self.counters { self[keyPath: path] = 0 }
  }
}

/// A reference to records, so that handing them over copies nothing.
final class RecordBox: @unchecked Sendable {
  // Invariant behind @unchecked: only the holder that took the box from the exchange accesses it.
  /// A pointer, because access to a class's stored properties is checked for exclusivity at run
  /// time.
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

/// Queue of full and of empty records between a load thread and the coordinating thread.
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

// State shared by the load threads of a fan-out: last message sent, intended send times, and how
// far the receivers of each thread are.
// The sender's thread alone writes the first two; each thread writes its own progress. Readable
// from every load thread.

import LinuxSystem
import Synchronization
import Throng

final class FanOutProgress: @unchecked Sendable {
  // Invariant behind @unchecked: an intended time is written before `sent` is stored (releasing),
  // and its slot is reused only after the progress of every thread has passed it.
  let lines: FanOutLineCodec
  /// Maximum messages in flight.
  let window: Int
  let ring: FanOutRing
  private let intended: UnsafeMutablePointer<UInt64>
  private let sentNumber = Atomic<Int>(0)
  /// The sender has stopped.
  let isOver = Flag()
  /// The sender has no connection.
  let isSenderLost = Flag()
  /// The sender has started to send probes.
  let isProbing = Flag()
  private let reached = Atomic<Int>(0)
  /// Number of load threads with receivers.
  private let threadCount: Int
  private let threadProgress: [ThreadProgress]
  private let sender = Mutex(Sender())

  private struct Sender {
    weak var thread: (any LoadThread)?
  }

  private final class ThreadProgress: Sendable {
    let number = Atomic<Int>(0)
  }

  /// Maximum messages in flight in the open loop, and maximum bytes queued at the sender.
  static let openLoopWindow = 65536
  private static let openLoopBytes = 64 << 20

  init(_ plan: RunPlan, _ options: FanOutOptions) {
    window =
      plan.rate == nil
      ? plan.load.depth : min(Self.openLoopWindow, Self.openLoopBytes / options.lineSize)
    lines = FanOutLineCodec(
      size: options.lineSize, seed: plan.options.seed, run: FanOutLineCodec.newRun,
      verifies: options.verifies)
    ring = FanOutRing(window)
    intended = .allocate(capacity: ring.capacity)
    intended.initialize(repeating: 0, count: ring.capacity)
    threadCount = plan.options.threads + (plan.slowConnections > 0 ? 1 : 0)
    threadProgress = (0..<plan.options.threads).map { _ in ThreadProgress() }
  }

  deinit { intended.deallocate() }

  // MARK: The sender

  /// Number of the last message sent; messages are numbered from 1.
  @inline(__always)
  var sent: Int { sentNumber.load(ordering: .acquiring) }

  /// Publishes a message before it is sent. Only the sender's thread calls this.
  func noteSent(_ number: Int, at time: UInt64) {
    intended[ring.slot(of: number)] = time
    sentNumber.store(number, ordering: .releasing)
  }

  /// Intended send time of a message in flight, in nanoseconds.
  @inline(__always)
  func intendedTime(_ number: Int) -> UInt64 { intended[ring.slot(of: number)] }

  // MARK: The receivers

  /// Records that all receivers of one more load thread have received a probe.
  func noteReached() {
    reached.add(1, ordering: .acquiringAndReleasing)
    wakeSender()
  }

  /// Whether all receivers of all load threads have received a probe.
  var areAllReached: Bool { reached.load(ordering: .acquiring) == threadCount }

  /// Publishes the last message that all receivers of a thread have; `Int.max` when the thread has
  /// no receivers left.
  func advance(_ thread: Int, to number: Int) {
    threadProgress[thread].number.store(number, ordering: .releasing)
  }

  /// Last message that every receiver has; `Int.max` when there are no receivers left.
  var completed: Int {
    threadProgress.reduce(Int.max) { min($0, $1.number.load(ordering: .acquiring)) }
  }

  /// Sets the thread that `wakeSender` wakes.
  func setSender(_ thread: any LoadThread) { sender.withLock { $0.thread = thread } }

  func wakeSender() { sender.withLock { $0.thread }?.wake() }
}

/// Maps the numbers of messages in flight to slots of a power-of-two ring.
struct FanOutRing: Sendable {
  let capacity: Int

  init(_ window: Int) {
    var capacity = 1
    while capacity < window { capacity *= 2 }
    self.capacity = capacity
  }

  @inline(__always)
  func slot(of number: Int) -> Int { number & (capacity - 1) }
}

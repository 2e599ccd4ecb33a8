// What the workers of a fan-out tell each other: how far the sender is, when each message should have
// been sent, and how far each worker's receivers are. The sender's worker alone writes the first two;
// each worker writes its own progress.

import Synchronization
import Throng

final class FanOutProgress: @unchecked Sendable {
  // Invariant behind @unchecked: a time is written before `sent` is stored, and its place is used again
  // only once every worker's progress has passed it.
  let lines: FanOutLineCodec
  /// At most so many messages are in flight.
  let window: Int
  let ring: FanOutRing
  private let intended: UnsafeMutablePointer<UInt64>
  private let sentNumber = Atomic<Int>(0)
  private let over = Atomic<Bool>(false)
  private let lost = Atomic<Bool>(false)
  private let probing = Atomic<Bool>(false)
  private let reached = Atomic<Int>(0)
  /// Load threads with receivers.
  private let threadCount: Int
  private let threadProgress: [ThreadProgress]
  private let sender = Mutex(Sender())

  private struct Sender {
    weak var thread: LoadThread?
  }

  private final class ThreadProgress: Sendable {
    let number = Atomic<Int>(0)
  }

  /// What the open loop has in flight at most: messages, and bytes at the sender.
  static let openLoopWindow = 65536
  private static let openLoopBytes = 64 << 20

  init(_ plan: RunPlan) {
    let size = plan.options.sizes.largest
    window =
      plan.rate == nil
      ? plan.options.depth : min(Self.openLoopWindow, Self.openLoopBytes / size)
    lines = FanOutLineCodec(
      size: size, seed: plan.options.seed, run: FanOutLineCodec.newRun,
      verifies: plan.options.verifies)
    ring = FanOutRing(window)
    intended = .allocate(capacity: ring.capacity)
    intended.initialize(repeating: 0, count: ring.capacity)
    threadCount = plan.options.threads + (plan.slowConnections > 0 ? 1 : 0)
    threadProgress = (0..<plan.options.threads).map { _ in ThreadProgress() }
  }

  deinit { intended.deallocate() }

  // MARK: The sender

  /// The number of the last message that was sent; they begin at 1.
  @inline(__always)
  var sent: Int { sentNumber.load(ordering: .acquiring) }

  /// Only the sender's worker, before it sends the message.
  func noteSent(_ number: Int, at time: UInt64) {
    intended[ring.slot(of: number)] = time
    sentNumber.store(number, ordering: .releasing)
  }

  /// When a message in flight should have been sent.
  @inline(__always)
  func intendedTime(_ number: Int) -> UInt64 { intended[ring.slot(of: number)] }

  /// No more is sent.
  var isOver: Bool { over.load(ordering: .acquiring) }
  func end() { over.store(true, ordering: .releasing) }

  /// The sender has no connection, or none any more.
  var isSenderLost: Bool { lost.load(ordering: .acquiring) }
  func loseSender() { lost.store(true, ordering: .releasing) }

  /// The sender has begun to send probes.
  var isProbing: Bool { probing.load(ordering: .acquiring) }
  func beginProbing() { probing.store(true, ordering: .releasing) }

  // MARK: The receivers

  /// Every receiver of one more worker has seen a probe.
  func noteReached() {
    reached.add(1, ordering: .acquiringAndReleasing)
    wakeSender()
  }

  var areAllReached: Bool { reached.load(ordering: .acquiring) == threadCount }

  /// All receivers of a worker have the messages up to a number; `Int.max` when it has none left.
  func advance(_ thread: Int, to number: Int) {
    threadProgress[thread].number.store(number, ordering: .releasing)
  }

  /// Every receiver has the messages up to this one. `Int.max` when there are no receivers left.
  var completed: Int {
    threadProgress.reduce(Int.max) { min($0, $1.number.load(ordering: .acquiring)) }
  }

  /// Whom to wake when there is news.
  func setSender(_ thread: LoadThread) { sender.withLock { $0.thread = thread } }

  func wakeSender() { sender.withLock { $0.thread }?.wake() }
}

/// Places for the messages in flight, by their numbers.
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

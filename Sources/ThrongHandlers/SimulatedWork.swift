// What a handler does besides receiving and sending: it computes, or it blocks its thread. Both hold up
// the other connections of the thread, which is what the models differ in.

import Glibc
import LinuxSystem

/// CPU work and blocking for each message, on the calling thread.
public struct SimulatedWork: Sendable {
  private let work: UInt64
  private let block: UInt64
  /// Steps of the computation in a nanosecond.
  private let speed: Double

  /// Measures how fast this machine computes, for a millisecond, if there is work.
  /// - Parameter work: CPU time that is spent computing, by the thread's own clock
  ///   (CLOCK_THREAD_CPUTIME_ID, clock_gettime(2)): a thread that is preempted works no less.
  /// - Parameter block: how long the thread is blocked after that, as by a file or a lock
  ///   (nanosleep(2)).
  public init(work: Duration = .zero, block: Duration = .zero) {
    self.work = Self.nanoseconds(work)
    self.block = Self.nanoseconds(block)
    speed = self.work > 0 ? Self.measureSpeed() : 0
  }

  /// Whether ``perform()`` does nothing.
  public var isEmpty: Bool { work == 0 && block == 0 }

  /// Works, then blocks.
  public func perform() {
    if work > 0 { compute() }
    if block > 0 { sleepThrough() }
  }

  private static func nanoseconds(_ duration: Duration) -> UInt64 {
    UInt64(min(max(duration / .nanoseconds(1), 0), 1e18))
  }

  // MARK: Working

  /// Reading the thread's clock is a system call: a few of them a message, not one a step.
  private func compute() {
    var now = Self.threadTime
    let end = now + work
    var state = Self.seed
    while now < end {
      let steps = max(Self.fewestSteps, Int(Double(end - now) * speed * Self.caution))
      state = Self.step(state, steps)
      now = Self.threadTime
    }
    precondition(state != 0, "the result is used, so that the computation is not left out")
  }

  /// Of the time that is left, the clock being looked at after it: the processor may have become slower.
  private static let caution = 0.8
  private static let fewestSteps = 16

  private static func measureSpeed() -> Double {
    let start = threadTime
    var steps = 0
    var spent: UInt64 = 0
    var state = seed
    while spent < 1_000_000 {
      state = step(state, 1000)
      steps += 1000
      spent = threadTime - start
    }
    precondition(state != 0, "the result is used, so that the computation is not left out")
    return Double(steps) / Double(spent)
  }

  private static let seed: UInt64 = 88_172_645_463_325_252

  /// Xorshift (Marsaglia, 2003), which never comes to 0. Each call begins where the last one ended: of
  /// calls that are all alike a compiler makes one.
  @inline(never)
  private static func step(_ start: UInt64, _ count: Int) -> UInt64 {
    var state = start
    for _ in 0..<count {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
    }
    return state
  }

  static var threadTime: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  // MARK: Blocking

  private func sleepThrough() {
    var request = timespec(tv_sec: Int(block / 1_000_000_000), tv_nsec: Int(block % 1_000_000_000))
    var rest = timespec()
    while nanosleep(&request, &rest) != 0, errno == EINTR { request = rest }
  }
}

// Nanoseconds of CLOCK_MONOTONIC (clock_gettime(2)). A plain integer: `ContinuousClock.Instant` is
// 128 bits wide, and a connection keeps several of these.

import CEpollShim

package struct MonotonicTime: Comparable, Sendable {
  package var nanoseconds: UInt64

  package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  package static var now: MonotonicTime { MonotonicTime(nanoseconds: shim_monotonic_nanoseconds()) }
  /// A few milliseconds late, and several times cheaper.
  static var coarseNow: MonotonicTime {
    MonotonicTime(nanoseconds: shim_coarse_nanoseconds())
  }
  package static let never = MonotonicTime(nanoseconds: .max)

  package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

  package static func + (time: Self, delay: Duration) -> Self {
    time.advanced(by: UInt64(max(0, delay.nanoseconds)))
  }

  func advanced(by delay: UInt64) -> Self {
    let (sum, overflow) = nanoseconds.addingReportingOverflow(delay)
    return overflow ? .never : MonotonicTime(nanoseconds: sum)
  }

  /// Milliseconds from `now` until this time as epoll_wait(2) wants them: rounded up, -1 for never.
  package func pollTimeout(from now: MonotonicTime) -> CInt {
    if self == .never { return -1 }
    if self <= now { return 0 }
    return CInt(clamping: (nanoseconds - now.nanoseconds - 1) / 1_000_000 + 1)
  }
}

extension Duration {
  /// Whole nanoseconds, clamped to what fits.
  package var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return seconds < 0 ? .min : .max }
    let (sum, overflows) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
    return overflows ? (seconds < 0 ? .min : .max) : sum
  }
}

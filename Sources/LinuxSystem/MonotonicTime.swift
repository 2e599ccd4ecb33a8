// Nanoseconds of CLOCK_MONOTONIC (clock_gettime(2)). A plain integer: `ContinuousClock.Instant` is
// 128 bits wide, and a connection keeps several of these.

import CEpollShim

@usableFromInline
package struct MonotonicTime: Comparable, Sendable {
  @usableFromInline
  package var nanoseconds: UInt64

  @inlinable
  package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  @inlinable
  package static var now: MonotonicTime { MonotonicTime(nanoseconds: shim_monotonic_nanoseconds()) }
  /// A few milliseconds late, and several times cheaper.
  @inlinable
  package static var coarseNow: MonotonicTime {
    MonotonicTime(nanoseconds: shim_coarse_nanoseconds())
  }
  @inlinable
  package static var never: MonotonicTime { MonotonicTime(nanoseconds: .max) }

  // All of them by hand, and `min` and `max` below: those of `Comparable` are generic, and the optimizer
  // cannot see a conformance of another module.
  @inlinable
  package static func == (left: Self, right: Self) -> Bool { left.nanoseconds == right.nanoseconds }
  @inlinable
  package static func <= (left: Self, right: Self) -> Bool { left.nanoseconds <= right.nanoseconds }
  @inlinable
  package static func > (left: Self, right: Self) -> Bool { left.nanoseconds > right.nanoseconds }
  @inlinable
  package static func >= (left: Self, right: Self) -> Bool { left.nanoseconds >= right.nanoseconds }
  @inlinable
  package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

  @inlinable
  package static func + (time: Self, delay: Duration) -> Self {
    time.advanced(by: UInt64(max(0, delay.nanoseconds)))
  }

  @inlinable
  package func advanced(by delay: UInt64) -> Self {
    let (sum, overflow) = nanoseconds.addingReportingOverflow(delay)
    return overflow ? .never : MonotonicTime(nanoseconds: sum)
  }

  /// Milliseconds from `now` until this time as epoll_wait(2) wants them: rounded up, -1 for never.
  @inlinable
  package func pollTimeout(from now: MonotonicTime) -> CInt {
    if self == .never { return -1 }
    if self <= now { return 0 }
    return CInt(clamping: (nanoseconds - now.nanoseconds - 1) / 1_000_000 + 1)
  }
}

@inlinable
package func min(_ left: MonotonicTime, _ right: MonotonicTime) -> MonotonicTime {
  left < right ? left : right
}

@inlinable
package func max(_ left: MonotonicTime, _ right: MonotonicTime) -> MonotonicTime {
  left < right ? right : left
}

extension Duration {
  /// Whole nanoseconds, clamped to what fits.
  @inlinable
  package var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return seconds < 0 ? .min : .max }
    let (sum, overflows) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
    return overflows ? (seconds < 0 ? .min : .max) : sum
  }
}

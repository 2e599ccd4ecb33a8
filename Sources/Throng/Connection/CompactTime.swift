// A moment as a connection keeps it: the upper six bytes of the nanoseconds, which is to within 66 µs. There may
// be very many connections, and each has several.

import LinuxSystem

@propertyWrapper
struct CompactTime: Equatable, Sendable {
  private let upper: UInt48

  @inline(__always)
  init(wrappedValue time: MonotonicTime) { upper = UInt48(truncating: time.nanoseconds >> 16) }

  /// Rounded up, so that no limit is shorter than it was set, and that `.never` stays what it is.
  @inline(__always)
  var wrappedValue: MonotonicTime {
    get { MonotonicTime(nanoseconds: upper.value << 16 | 0xffff) }
    set { self = CompactTime(wrappedValue: newValue) }
  }
}

extension MonotonicTime {
  /// As a connection keeps it.
  var rounded: MonotonicTime { CompactTime(wrappedValue: self).wrappedValue }
}

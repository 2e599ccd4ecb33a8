// What a descriptor is watched for, and what epoll reports of it (epoll_ctl(2)). Not an `OptionSet`: the
// optimizer cannot see a conformance of another module, and each message would pay for generic calls.

import CEpollShim

@usableFromInline
package struct Readiness: Equatable, Sendable, ExpressibleByArrayLiteral {
  @usableFromInline
  var bits: UInt32

  @inlinable
  package init(bits: UInt32) { self.bits = bits }

  @inlinable
  package init(arrayLiteral elements: Readiness...) {
    bits = 0
    for element in elements { bits |= element.bits }
  }

  @inlinable package static var none: Readiness { Readiness(bits: 0) }
  @inlinable package static var readable: Readiness { Readiness(bits: SHIM_EPOLLIN) }
  @inlinable package static var writable: Readiness { Readiness(bits: SHIM_EPOLLOUT) }
  /// Reported whether asked for or not.
  @inlinable package static var hangUp: Readiness { Readiness(bits: SHIM_EPOLLHUP) }
  @inlinable package static var failed: Readiness { Readiness(bits: SHIM_EPOLLERR) }
  /// Disarms the descriptor after one report.
  @inlinable package static var oneShot: Readiness { Readiness(bits: SHIM_EPOLLONESHOT) }
  /// Reports each change once, to one waiting thread: for wakers only.
  @inlinable package static var edgeTriggered: Readiness { Readiness(bits: SHIM_EPOLLET) }

  /// Wakes at least one of the epoll instances that watch the same open file, not all of them.
  @inlinable package static var exclusive: Readiness { Readiness(bits: SHIM_EPOLLEXCLUSIVE) }

  @inlinable package static func == (left: Self, right: Self) -> Bool { left.bits == right.bits }

  /// All but `oneShot`, `edgeTriggered` and `exclusive`.
  @inlinable package var lowBits: UInt8 { UInt8(truncatingIfNeeded: bits) }

  @inlinable package var isEmpty: Bool { bits == 0 }
  @inlinable package func contains(_ other: Self) -> Bool { bits & other.bits == other.bits }
  @inlinable package func isSubset(of other: Self) -> Bool { other.contains(self) }
  @inlinable package func isSuperset(of other: Self) -> Bool { contains(other) }
  @inlinable package func isDisjoint(with other: Self) -> Bool { bits & other.bits == 0 }
  @inlinable package func union(_ other: Self) -> Self { Readiness(bits: bits | other.bits) }
  @inlinable package func intersection(_ other: Self) -> Self { Readiness(bits: bits & other.bits) }
  @inlinable package mutating func insert(_ other: Self) { bits |= other.bits }
  @inlinable package mutating func remove(_ other: Self) { bits &= ~other.bits }
}

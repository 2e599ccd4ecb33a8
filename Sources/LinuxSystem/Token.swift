// What epoll hands back for a descriptor: the slot of its owner and the slot's generation, so that an
// event that was fetched before a connection closed never reaches the next one in the same slot.

@usableFromInline
package struct Token: Equatable, Sendable {
  @usableFromInline
  package let rawValue: UInt64

  @inlinable
  package static func == (left: Self, right: Self) -> Bool { left.rawValue == right.rawValue }

  @inlinable
  package init(rawValue: UInt64) { self.rawValue = rawValue }
  @inlinable
  package init(slot: Int, generation: UInt32) { rawValue = UInt64(generation) << 32 | UInt64(slot) }

  @inlinable
  package var slot: Int { Int(truncatingIfNeeded: rawValue & 0xffff_ffff) }
  @inlinable
  package var generation: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 32) }
}

// What epoll hands back for a descriptor: the slot of its owner and the slot's generation, so that an
// event that was fetched before a connection closed never reaches the next one in the same slot.

struct Token: Equatable, Sendable {
  let rawValue: UInt64

  init(rawValue: UInt64) { self.rawValue = rawValue }
  init(slot: Int, generation: UInt32) { rawValue = UInt64(generation) << 32 | UInt64(slot) }

  var slot: Int { Int(truncatingIfNeeded: rawValue & 0xffff_ffff) }
  var generation: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 32) }
}

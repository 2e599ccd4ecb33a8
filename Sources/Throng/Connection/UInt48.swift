// An unsigned integer of 48 bits, with the size and the alignment that it needs: six bytes where eight would
// leave gaps between the fields of a connection.

struct UInt48: Equatable, Sendable {
  private let low: UInt16
  private let middle: UInt16
  private let high: UInt16

  /// The lower 48 bits.
  @inline(__always)
  init(truncating value: UInt64) {
    low = UInt16(truncatingIfNeeded: value)
    middle = UInt16(truncatingIfNeeded: value >> 16)
    high = UInt16(truncatingIfNeeded: value >> 32)
  }

  @inline(__always)
  var value: UInt64 { UInt64(high) << 32 | UInt64(middle) << 16 | UInt64(low) }
}

// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014): the same numbers
// for the same seed on every machine. A value.

@usableFromInline
package struct SplitMix64: RandomNumberGenerator {
  @usableFromInline
  var state: UInt64

  @inlinable
  package init(seed: UInt64) { state = seed }

  /// A generator for one of several independent streams of a seed.
  package init(seed: UInt64, stream: Int) {
    state = seed &+ UInt64(truncatingIfNeeded: stream) &* 0xd134_2543_de82_ef95
    _ = next()
  }

  @inlinable
  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}

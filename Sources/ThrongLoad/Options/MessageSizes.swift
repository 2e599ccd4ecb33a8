// Message sizes: fixed, uniform over a range, or drawn from a weighted list. Values; any thread.

import LinuxSystem

/// Message sizes in bytes.
public enum MessageSizes: Sendable, Codable, Equatable {
  /// All messages have one size.
  case fixed(Int)
  /// Uniformly distributed over the range.
  case range(ClosedRange<Int>)
  /// Drawn from a list of sizes with weights.
  case weighted([Weighted])

  private enum FixedCodingKeys: String, CodingKey { case _0 = "bytes" }
  private enum RangeCodingKeys: String, CodingKey { case _0 = "bytes" }
  private enum WeightedCodingKeys: String, CodingKey { case _0 = "sizes" }

  /// A size and its weight relative to the others.
  public struct Weighted: Sendable, Codable, Equatable {
    /// Bytes.
    public var size: Int
    /// Relative frequency, greater than 0.
    public var weight: Double

    /// Creates an entry.
    public init(size: Int, weight: Double) {
      self.size = size
      self.weight = weight
    }
  }

  var largest: Int { bounds.upperBound }
  var smallest: Int { bounds.lowerBound }

  private var bounds: ClosedRange<Int> {
    switch self {
    case .fixed(let size): return size...size
    case .range(let range): return range
    case .weighted(let list):
      let sizes = list.map(\.size)
      return (sizes.min() ?? 0)...(sizes.max() ?? 0)
    }
  }
}

/// Draws sizes from a generator state that each connection owns.
struct SizeSampler {
  private let sizes: MessageSizes
  /// For weighted sizes: cumulative shares, scaled to 2^32.
  private let thresholds: [UInt64]

  /// The size, if there is only one.
  let fixedSize: Int?

  init(_ sizes: MessageSizes) {
    self.sizes = sizes
    if case .fixed(let size) = sizes { fixedSize = size } else { fixedSize = nil }
    guard case .weighted(let list) = sizes else {
      thresholds = []
      return
    }
    let total = list.reduce(0) { $0 + $1.weight }
    var sum = 0.0
    thresholds = list.map { entry in
      sum += entry.weight
      return UInt64(sum / total * 4_294_967_296)
    }
  }

  func next(_ state: inout SplitMix64) -> Int {
    switch sizes {
    case .fixed(let size): return size
    case .range(let range):
      let share = state.next() >> 32
      return range.lowerBound + Int((share * UInt64(range.count)) >> 32)
    case .weighted(let list):
      let share = state.next() >> 32
      let index = thresholds.firstIndex { share < $0 } ?? list.count - 1
      return list[index].size
    }
  }
}

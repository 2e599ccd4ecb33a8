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

  /// Parses `64`, `16-1024`, or sizes with weights: `64:9,4096:1` (default weight 1). Nil for other
  /// text.
  public init?(_ text: some StringProtocol) {
    if let size = Int(text) {
      self = .fixed(size)
    } else if let dash = text.firstIndex(of: "-"), let low = Int(text[..<dash]),
      let high = Int(text[text.index(after: dash)...]), low <= high
    {
      self = .range(low...high)
    } else {
      var list: [Weighted] = []
      for part in text.split(separator: ",", omittingEmptySubsequences: false) {
        let fields = part.split(separator: ":", omittingEmptySubsequences: false)
        guard let first = fields.first, let size = Int(first), fields.count <= 2,
          let weight = fields.count == 2 ? Double(fields[1]) : 1
        else { return nil }
        list.append(Weighted(size: size, weight: weight))
      }
      self = .weighted(list)
    }
  }

  var largest: Int {
    switch self {
    case .fixed(let size): size
    case .range(let range): range.upperBound
    case .weighted(let list): list.map(\.size).max() ?? 0
    }
  }

  var smallest: Int {
    switch self {
    case .fixed(let size): size
    case .range(let range): range.lowerBound
    case .weighted(let list): list.map(\.size).min() ?? 0
    }
  }

  var problem: String? {
    if smallest < 1 || largest > 1 << 30 { return "--size must be between 1 byte and 1 GiB" }
    let isBad = { (entry: Weighted) in !(entry.weight > 0 && entry.weight < 1e9) }
    if case .weighted(let list) = self, list.contains(where: isBad) {
      return "--size weights must be greater than 0, as in 64:9,4096:1"
    }
    return nil
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

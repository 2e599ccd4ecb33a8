// Vertical positions of line labels: as close to the line ends as possible without overlap. Pure
// function.

enum LabelPlacement {
  /// Positions for labels with preferred positions `wanted`, at least `gap` apart, between `low`
  /// and `high`, with the least sum of squared displacements. Without enough room, labels are
  /// spaced evenly. Equal preferences keep their order.
  static func place(_ wanted: [Double], gap: Double, from low: Double, to high: Double) -> [Double]
  {
    guard wanted.count > 1 else { return wanted.map { min(max($0, low), high) } }
    let gap = min(gap, (high - low) / Double(wanted.count - 1))
    let order = wanted.indices.sorted { (wanted[$0], $0) < (wanted[$1], $1) }
    // After subtracting the gaps, positions only have to ascend: pool adjacent violators (PAV),
    // each pool at its mean.
    var pools: [(sum: Double, count: Int)] = []
    for (rank, index) in order.enumerated() {
      var pool = (sum: wanted[index] - gap * Double(rank), count: 1)
      while let last = pools.last, last.sum / Double(last.count) > pool.sum / Double(pool.count) {
        pool = (pool.sum + last.sum, pool.count + last.count)
        pools.removeLast()
      }
      pools.append(pool)
    }
    let highest = high - gap * Double(wanted.count - 1)
    let means = pools.flatMap { pool in
      Array(
        repeating: min(max(pool.sum / Double(pool.count), low), highest), count: pool.count)
    }
    var result = wanted
    for (rank, index) in order.enumerated() { result[index] = means[rank] + gap * Double(rank) }
    return result
  }
}

// Who leads in a figure at one number of connections, who ties with the leader, and by how much the rest
// are behind.

struct Ranking {
  struct Entry {
    let contender: Contender
    let estimate: MedianEstimate
    /// To the leader; 1 for the leader.
    let ratio: Ratio?
    let outcome: Ratio.Outcome
  }

  let metric: Metric
  let connections: Int
  /// The leader first.
  let entries: [Entry]

  /// Nil when fewer than two can be compared there.
  init?(
    _ metric: Metric, _ workload: Workload, _ connections: Int, among contenders: [Contender],
    _ measurements: Measurements
  ) {
    let compared = contenders.compactMap { contender -> (Contender, MedianEstimate)? in
      guard measurements.isComparable(metric, workload, contender, connections) else { return nil }
      return measurements.estimate(metric, workload, contender, connections).map { (contender, $0) }
    }
    let sorted = compared.sorted {
      metric.higherIsBetter ? $0.1.median > $1.1.median : $0.1.median < $1.1.median
    }
    guard sorted.count > 1 else { return nil }
    // Who was measured once can neither lead nor follow, as long as two others can.
    let repeated = sorted.filter { $0.1.interval != nil }
    let leader = (repeated.count > 1 ? repeated : sorted)[0].0
    self.metric = metric
    self.connections = connections
    let ordered = sorted.filter { $0.0.id == leader.id } + sorted.filter { $0.0.id != leader.id }
    entries = ordered.map { contender, estimate in
      guard contender.id != leader.id else {
        return Entry(contender: contender, estimate: estimate, ratio: nil, outcome: .tie)
      }
      let ratio = measurements.ratio(metric, workload, contender, to: leader, connections)
      return Entry(
        contender: contender, estimate: estimate, ratio: ratio,
        outcome: ratio?.outcome(floor: metric.floor) ?? .unknown)
    }
  }

  /// At the most connections at which two can be compared.
  static func last(
    _ metric: Metric, _ workload: Workload, among contenders: [Contender],
    _ measurements: Measurements
  ) -> Ranking? {
    workload.connections.reversed().lazy.compactMap {
      Ranking(metric, workload, $0, among: contenders, measurements)
    }.first
  }

  /// The leader and those who tie with it.
  var leaders: [Entry] { entries.filter { $0.outcome == .tie } }
  var followers: [Entry] { entries.filter { $0.outcome == .less || $0.outcome == .more } }
  /// Nothing can be said about the difference: measured once, or never in the same round.
  var undecided: [Entry] { entries.filter { $0.outcome == .unknown } }

  /// Whether anything can be said at all.
  var isDecided: Bool { undecided.count < entries.count - 1 }

  func leads(_ id: Contender.ID) -> Bool { leaders.contains { $0.contender.id == id } }
}

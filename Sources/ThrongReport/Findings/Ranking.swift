// The order of the contenders in one metric at one number of clients: the leader, the contenders that cannot
// be told apart from it, and the ratios of the others to it. A value; any thread.

struct Ranking: Sendable, Equatable {
  struct Entry: Sendable, Equatable {
    let contender: Contender
    let estimate: MedianEstimate
    /// Ratio to the leader; nil for the leader itself, and without rounds in common.
    let ratio: Ratio?
    let outcome: Ratio.Outcome
  }

  let metric: Metric
  let workload: Workload
  let connections: Int
  /// The leader first.
  let entries: [Entry]

  /// Nil when fewer than two contenders can be compared there.
  init?(
    _ metric: Metric, _ workload: Workload, _ connections: Int, among contenders: [Contender],
    _ measurements: Measurements
  ) {
    let sorted = contenders.compactMap { contender -> (Contender, MedianEstimate)? in
      measurements.comparableCell(metric, workload, contender, connections)?.estimate(metric)
        .map { (contender, $0) }
    }.sorted {
      metric.higherIsBetter ? $0.1.median > $1.1.median : $0.1.median < $1.1.median
    }
    guard sorted.count > 1 else { return nil }
    // A contender measured once has no interval; it leads only if fewer than two others have one.
    let repeated = sorted.filter { $0.1.interval != nil }
    let leader = (repeated.count > 1 ? repeated : sorted)[0].0
    self.metric = metric
    self.workload = workload
    self.connections = connections
    let ordered = sorted.filter { $0.0.id == leader.id } + sorted.filter { $0.0.id != leader.id }
    entries = ordered.map { contender, estimate in
      guard contender.id != leader.id else {
        return Entry(
          contender: contender, estimate: estimate, ratio: nil, outcome: .indistinguishable)
      }
      let ratio = measurements.ratio(metric, workload, contender, to: leader, connections)
      return Entry(
        contender: contender, estimate: estimate, ratio: ratio,
        outcome: ratio?.outcome(floor: metric.floor) ?? .unknown)
    }
  }

  /// The ranking at the highest number of clients at which two contenders can be compared.
  static func last(
    _ metric: Metric, _ workload: Workload, among contenders: [Contender],
    _ measurements: Measurements
  ) -> Ranking? {
    workload.connections.reversed().lazy.compactMap {
      Ranking(metric, workload, $0, among: contenders, measurements)
    }.first
  }

  /// The leader and the contenders that cannot be told apart from it.
  var leaders: [Entry] { entries.filter { $0.outcome == .indistinguishable } }
  /// Contenders that are significantly worse than the leader.
  var followers: [Entry] { entries.filter { $0.outcome == .less || $0.outcome == .more } }
  /// Contenders without a known difference: measured once, or never in the same round.
  var undecided: [Entry] { entries.filter { $0.outcome == .unknown } }

  /// Whether at least one difference is known.
  var isDecided: Bool { undecided.count < entries.count - 1 }

  func leads(_ id: Contender.ID) -> Bool { leaders.contains { $0.contender.id == id } }

  /// The value of an entry with its unit.
  func text(_ entry: Entry) -> String {
    metric.text(entry.estimate.median, workload, connections)
  }
}

// Who leads in a figure at one number of connections, who ties with the leader, and by how much the rest
// are behind.

struct Standing {
  struct Place {
    let contender: Contender
    let estimate: MedianEstimate
    /// To the leader; 1 for the leader.
    let ratio: Ratio?
    let outcome: Ratio.Outcome
  }

  let figure: Figure
  let connections: Int
  /// The leader first.
  let places: [Place]

  /// Nil when fewer than two can be compared there.
  init?(
    _ figure: Figure, _ workload: Workload, _ connections: Int, among contenders: [Contender],
    _ measurements: Measurements
  ) {
    let compared = contenders.compactMap { contender -> (Contender, MedianEstimate)? in
      guard measurements.isComparable(figure, workload, contender, connections) else { return nil }
      return measurements.estimate(figure, workload, contender, connections).map { (contender, $0) }
    }
    let sorted = compared.sorted {
      figure.higherIsBetter ? $0.1.median > $1.1.median : $0.1.median < $1.1.median
    }
    guard sorted.count > 1 else { return nil }
    // Who was measured once can neither lead nor follow, as long as two others can.
    let repeated = sorted.filter { $0.1.interval != nil }
    let leader = (repeated.count > 1 ? repeated : sorted)[0].0
    self.figure = figure
    self.connections = connections
    let ordered = sorted.filter { $0.0.id == leader.id } + sorted.filter { $0.0.id != leader.id }
    places = ordered.map { contender, estimate in
      guard contender.id != leader.id else {
        return Place(contender: contender, estimate: estimate, ratio: nil, outcome: .tie)
      }
      let ratio = measurements.ratio(figure, workload, contender, to: leader, connections)
      return Place(
        contender: contender, estimate: estimate, ratio: ratio,
        outcome: ratio?.outcome(floor: figure.floor) ?? .unknown)
    }
  }

  /// At the most connections at which two can be compared.
  static func last(
    _ figure: Figure, _ workload: Workload, among contenders: [Contender],
    _ measurements: Measurements
  ) -> Standing? {
    workload.connections.reversed().lazy.compactMap {
      Standing(figure, workload, $0, among: contenders, measurements)
    }.first
  }

  /// The leader and those who tie with it.
  var leaders: [Place] { places.filter { $0.outcome == .tie } }
  var followers: [Place] { places.filter { $0.outcome == .less || $0.outcome == .more } }
  /// Nothing can be said about the difference: measured once, or never in the same round.
  var undecided: [Place] { places.filter { $0.outcome == .unknown } }

  /// Whether anything can be said at all.
  var isDecided: Bool { undecided.count < places.count - 1 }

  func leads(_ id: Contender.ID) -> Bool { leaders.contains { $0.contender.id == id } }
}

// How two contenders compare in one metric over the number of clients. A value; any thread.

struct Course: Sendable, Equatable {
  enum Shape: Sendable, Equatable {
    /// No change over the number of clients, or a number measured only once.
    case unchanged
    /// The first contender is better at every number of clients that was compared.
    case aheadThroughout
    /// They tie, and from here on the first contender is better.
    case aheadFrom(RatioCurve.Position)
    /// `before` is better up to here, `after` from here on.
    case crossover(RatioCurve.Position, before: Contender, after: Contender)
    /// Anything else: outcomes over consecutive numbers of clients.
    case segments([Segment])
  }

  /// Consecutive numbers of clients with the same outcome.
  struct Segment: Sendable, Equatable {
    let outcome: Ratio.Outcome
    var connections: [Int]
  }

  let first: Contender
  let second: Contender
  let shape: Shape
  /// Numbers of clients that were compared, and that were not.
  let compared: [Int]
  let notCompared: [Int]
  private let higherIsBetter: Bool

  /// - Parameter curve: the ratio of the first contender to the second.
  init(_ metric: Metric, _ curve: RatioCurve, _ first: Contender, _ second: Contender) {
    self.first = first
    self.second = second
    compared = curve.points.map(\.connections)
    notCompared = curve.notCompared
    higherIsBetter = metric.higherIsBetter
    let better = { (outcome: Ratio.Outcome) in
      (outcome == .more) == metric.higherIsBetter ? first : second
    }
    shape = Self.shape(curve, first, better)
  }

  private static func shape(
    _ curve: RatioCurve, _ first: Contender, _ better: (Ratio.Outcome) -> Contender
  ) -> Shape {
    let segments = segments(curve)
    let outcomes = segments.map(\.outcome)
    if curve.points.count < 2 || outcomes.contains(.unknown) { return .unchanged }
    if segments.count == 1 {
      let isAhead = outcomes[0] != .tie && better(outcomes[0]) == first
      return isAhead ? .aheadThroughout : .unchanged
    }
    if segments.count == 2, outcomes[0] == .tie, better(outcomes[1]) == first,
      let end = curve.endOfTie
    {
      return .aheadFrom(end)
    }
    let decided = outcomes.filter { $0 != .tie }
    if decided.count == 2, outcomes.first != .tie, outcomes.last != .tie,
      let crossover = curve.crossovers.first
    {
      return .crossover(
        crossover.position, before: better(crossover.before), after: better(decided[1]))
    }
    return .segments(segments)
  }

  private static func segments(_ curve: RatioCurve) -> [Segment] {
    var segments: [Segment] = []
    for (point, outcome) in zip(curve.points, curve.outcomes) {
      if segments.last?.outcome == outcome {
        segments[segments.count - 1].connections.append(point.connections)
      } else {
        segments.append(Segment(outcome: outcome, connections: [point.connections]))
      }
    }
    return segments
  }

  /// The better of the two in a segment; nil for a tie.
  func better(_ segment: Segment) -> Contender? {
    guard segment.outcome != .tie else { return nil }
    return (segment.outcome == .more) == higherIsBetter ? first : second
  }
}

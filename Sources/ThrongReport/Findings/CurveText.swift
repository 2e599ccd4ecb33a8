// The course of two contenders against each other, in a sentence: tie and part, cross, or as it comes.

struct CurveText {
  let metric: Metric
  let curve: RatioCurve
  /// The ratio is of the first to the second.
  let first: String
  let second: String

  init(_ metric: Metric, _ curve: RatioCurve, _ first: String, _ second: String) {
    self.metric = metric
    self.curve = curve
    self.first = first
    self.second = second
  }

  /// Numbers of connections with the same outcome: those that were compared.
  private struct Run {
    let outcome: Ratio.Outcome
    var counts: [Int]
  }

  /// The first is better with every number of clients at which the two were compared.
  var isAheadThroughout: Bool {
    curve.points.count > 1 && runs.count == 1 && runs[0].outcome != .tie
      && leader(runs[0].outcome) == first && runs[0].outcome != .unknown
  }

  /// `every number of clients`, as far as the two were compared.
  var counts: String {
    let all = "every number of clients"
    guard !curve.notCompared.isEmpty else { return all }
    let compared = Phrase.list(curve.points.map { Quantity.count($0.connections) })
    return "\(all) at which both can be compared (\(compared))"
  }

  /// `from about 40 clients on (between 10 and 100)`: they tie, and then the first is better.
  var parting: String? {
    guard partsOnce, leader(runs[1].outcome) == first, let end = curve.endOfTie else {
      return nil
    }
    return "from \(end.text) on\(limits(end))"
  }

  private var partsOnce: Bool {
    runs.count == 2 && runs[0].outcome == .tie && runs[1].outcome != .unknown
  }

  /// Where they cross, or do something less simple. Nil when nothing changes, when nothing is known, or
  /// when ``parting`` says it.
  var sentence: String? {
    let runs = runs
    guard runs.count > 1, !runs.contains(where: { $0.outcome == .unknown }), parting == nil else {
      return nil
    }
    let decided = runs.filter { $0.outcome != .tie }
    if decided.count == 2, runs[0].outcome != .tie, runs[runs.count - 1].outcome != .tie,
      let crossover = curve.crossovers.first
    {
      return "\(leader(crossover.before)) is ahead of \(leader(decided[1].outcome)) up to"
        + " \(crossover.position.text)\(limits(crossover.position)), and behind from there on."
    }
    return Phrase.list(runs.map(clause)) + "."
  }

  private var runs: [Run] {
    var runs: [Run] = []
    for (point, outcome) in zip(curve.points, curve.outcomes) {
      if runs.last?.outcome == outcome {
        runs[runs.count - 1].counts.append(point.connections)
      } else {
        runs.append(Run(outcome: outcome, counts: [point.connections]))
      }
    }
    return runs
  }

  private func clause(_ run: Run) -> String {
    let (from, to) = (run.counts[0], run.counts[run.counts.count - 1])
    let hasGap = curve.notCompared.contains { from < $0 && $0 < to }
    let range =
      hasGap || from == to
      ? Phrase.clients(run.counts) : "\(Quantity.count(from)) to \(Phrase.clients(to))"
    guard run.outcome != .tie else { return "\(first) and \(second) tie with \(range)" }
    let winner = leader(run.outcome)
    return "\(winner) is ahead of \(winner == first ? second : first) with \(range)"
  }

  private func leader(_ outcome: Ratio.Outcome) -> String {
    (outcome == .more) == metric.higherIsBetter ? first : second
  }

  /// In brackets: the range of an interpolated place, unless rounding leaves none, and what is not known.
  private func limits(_ position: RatioCurve.Position) -> String {
    var parts: [String] = []
    let (low, high) = (Quantity.about(position.range.low), Quantity.about(position.range.high))
    if position.connections != nil, low != high { parts.append("between \(low) and \(high)") }
    if let left = curve.notComparedText { parts.append(left) }
    return parts.isEmpty ? "" : " (\(parts.joined(separator: "; ")))"
  }
}

extension RatioCurve.Position {
  /// `about 40 clients`, `somewhere between 10 and 1,000 clients`.
  var text: String {
    guard let connections else {
      let (low, high) = (Quantity.grouped(range.low), Quantity.grouped(range.high))
      return "somewhere between \(low) and \(high) clients"
    }
    let text = Quantity.about(connections)
    return "about \(text) client\(text == "1" ? "" : "s")"
  }
}

extension RatioCurve {
  /// `10 and 100 not compared`; nil when all are.
  var notComparedText: String? {
    notCompared.isEmpty ? nil : Phrase.list(notCompared.map(Quantity.count)) + " not compared"
  }
}

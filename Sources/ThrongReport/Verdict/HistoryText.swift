// The course of two contenders against each other, in a sentence: tie and part, cross, or as it comes.

struct HistoryText {
  let figure: Figure
  let history: History
  /// The ratio is of the first to the second.
  let first: String
  let second: String

  init(_ figure: Figure, _ history: History, _ first: String, _ second: String) {
    self.figure = figure
    self.history = history
    self.first = first
    self.second = second
  }

  /// Numbers of connections with the same outcome.
  private struct Run {
    let outcome: Ratio.Outcome
    var from: Int
    var to: Int
  }

  /// The first is better with every number of clients.
  var isAheadThroughout: Bool {
    history.points.count > 1 && runs.count == 1 && runs[0].outcome != .tie
      && leader(runs[0].outcome) == first && runs[0].outcome != .unknown
  }

  /// `from about 40 clients on (between 10 and 100)`: they tie, and then the first is better.
  var parting: String? {
    guard partsOnce, leader(runs[1].outcome) == first, let end = history.endOfTie else {
      return nil
    }
    return "from about \(clients(end.connections)) on\(bounds(end.range))"
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
      let crossover = history.crossovers.first
    {
      return "\(leader(crossover.before)) is ahead of \(leader(decided[1].outcome)) up to about"
        + " \(clients(crossover.place.connections))\(bounds(crossover.place.range)),"
        + " and behind from there on."
    }
    return Phrase.list(runs.map(clause)) + "."
  }

  private var runs: [Run] {
    var runs: [Run] = []
    for (point, outcome) in zip(history.points, history.outcomes) {
      if runs.last?.outcome == outcome {
        runs[runs.count - 1].to = point.connections
      } else {
        runs.append(Run(outcome: outcome, from: point.connections, to: point.connections))
      }
    }
    return runs
  }

  private func clause(_ run: Run) -> String {
    let range =
      run.from == run.to
      ? Phrase.clients(run.from)
      : "\(Quantity.count(run.from)) to \(Phrase.clients(run.to))"
    guard run.outcome != .tie else { return "\(first) and \(second) tie with \(range)" }
    let winner = leader(run.outcome)
    return "\(winner) is ahead of \(winner == first ? second : first) with \(range)"
  }

  private func leader(_ outcome: Ratio.Outcome) -> String {
    (outcome == .more) == figure.higherIsBetter ? first : second
  }

  private func clients(_ connections: Double) -> String {
    let text = Quantity.about(connections)
    return "\(text) client\(text == "1" ? "" : "s")"
  }

  /// Nothing when rounding leaves no range.
  private func bounds(_ range: Interval) -> String {
    let (low, high) = (Quantity.about(range.low), Quantity.about(range.high))
    return low == high ? "" : " (between \(low) and \(high))"
  }
}

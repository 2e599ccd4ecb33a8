// Sentences for findings and exclusions. Every sentence of the verdict about a metric is made here. Any
// thread.

struct FindingSentences {
  let metric: Metric

  /// Peers named in a ranking; the tables list all of them.
  private static let namedPeers = 3

  /// - Returns: one or more sentences.
  func sentences(_ finding: Finding) -> [String] {
    switch finding {
    case .ranking(let ranking, let excluded): [ranked(ranking, excluded)]
    case .undecided(let ranking): [undecided(ranking)]
    case .trends(let model, let trends): Self.trends(model, trends)
    case .saturated:
      ["The load generator was the bottleneck; \(metric.name) cannot be compared."]
    case .single(let contender, let connections, let value):
      [
        "Only \(contender.label) was measured with \(Phrase.clients(connections)):"
          + " \(value) \(metric.name)."
      ]
    }
  }

  // MARK: Rankings

  private func ranked(_ ranking: Ranking, _ excluded: [Contender]) -> String {
    let leaders = ranking.leaders
    var start = "With \(Phrase.clients(ranking.connections))"
    if !excluded.isEmpty { start += " (\(Phrase.list(excluded.map(\.label))) excluded)" }
    let names = Phrase.list(leaders.map(\.contender.label))
    let values = Phrase.list(leaders.map(ranking.text))
    if ranking.followers.isEmpty {
      return "\(start), \(names) cannot be told apart in \(metric.name) (\(values))."
    }
    let verb = leaders.count == 1 ? "has" : "cannot be told apart and have"
    let other = metric.alternative.map {
      ", \($0(ranking.entries[0].estimate.median, ranking.workload))"
    }
    let superlative = metric.higherIsBetter ? "highest" : "lowest"
    var text = "\(start), \(names) \(verb) the \(superlative) \(metric.name)"
    text += " (\(values)\(other ?? "")); "
    let named = namedFollowers(ranking)
    text += Phrase.list(named.map { clause($0, ranking) })
    let left = ranking.followers.count - named.count
    if left > 0 { text += "; \(left) more \(left == 1 ? "is" : "are") in the table" }
    return text + "."
  }

  private func namedFollowers(_ ranking: Ranking) -> [Ranking.Entry] {
    var peers = 0
    return ranking.followers.filter { entry in
      if entry.contender.kind == .model { return true }
      peers += 1
      return peers <= Self.namedPeers
    }
  }

  private func clause(_ entry: Ranking.Entry, _ ranking: Ranking) -> String {
    guard let ratio = entry.ratio, let interval = ratio.interval else {
      return "\(entry.contender.label) \(ranking.text(entry))"
    }
    guard metric.isStatedAsValue else {
      return "\(entry.contender.label) has \(Quantity.times(ratio.value)) that"
        + " (\(Quantity.bound(interval.low)) to \(Quantity.bound(interval.high)))"
    }
    let text = "\(entry.contender.label) takes \(ranking.text(entry))"
    let least = ranking.entries[0].estimate.median
    let isDivisor =
      least >= metric.smallestDivisor
      && metric.isResolved(least, ranking.workload, ranking.connections)
    return isDivisor ? text + " (\(Quantity.times(ratio.value)))" : text
  }

  private func undecided(_ ranking: Ranking) -> String {
    let isSingle = ranking.entries.allSatisfy { $0.estimate.count == 1 }
    let reason = isSingle ? "measured once" : "without two rounds in common"
    let values = ranking.entries.map { "\($0.contender.label) \(ranking.text($0))" }
    return "With \(Phrase.clients(ranking.connections)): \(Phrase.list(values)) \(metric.name),"
      + " \(reason); differences cannot be distinguished from noise."
  }

  // MARK: Trends

  /// Rivals for which the same holds are named together.
  private static func trends(_ model: Contender, _ trends: [Trend]) -> [String] {
    var clauses: [String] = []
    var rivals: [String: [String]] = [:]
    for trend in trends {
      let clause = clause(trend)
      if rivals[clause] == nil { clauses.append(clause) }
      rivals[clause, default: []].append(trend.rival.label)
    }
    return clauses.map { "\(model.label) against \(Phrase.list(rivals[$0] ?? [])): \($0)." }
  }

  /// Numbers of clients that were measured; nothing is said about those between.
  private static func clause(_ trend: Trend) -> String {
    if (trend.worse + trend.indistinguishable + trend.notCompared).isEmpty {
      return "better at every number of clients"
    }
    let groups = [
      ("better", trend.better), ("worse", trend.worse),
      ("cannot be told apart", trend.indistinguishable), ("not compared", trend.notCompared),
    ]
    return groups.filter { !$0.1.isEmpty }
      .map { "\($0.0) with \(Phrase.clients($0.1))" }.joined(separator: "; ")
  }
}

extension Exclusion {
  var sentence: String {
    switch self {
    case .failed(let contender, let connections, let reason):
      "\(contender.label) failed with \(Phrase.clients(connections)): \(reason)."
    case .notMeasured(let names, nil): "Not measured: \(Phrase.list(names))."
    case .notMeasured(let names, let connections?):
      "Not measured with \(Phrase.clients(connections)): \(Phrase.list(names))."
    case .measuredOnce(let names, let connections):
      "Measured only once with \(Phrase.clients(connections)): \(Phrase.list(names))."
    case .saturated(let names, let connections):
      "The load generator was the bottleneck with \(Phrase.clients(connections)) for"
        + " \(Phrase.list(names)); throughput and latency there are not compared."
    case .noisy(let metric, let cells, let all, let worst):
      "Large noise in \(metric.name): intervals wider than ±\(Quantity.percent(Self.largeNoise)) in"
        + " \(cells) of \(all) cells, ±\(Quantity.percent(worst)) at most. It may hide a difference;"
        + " use a quiet machine or more rounds."
    }
  }
}

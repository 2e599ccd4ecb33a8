// One figure of one workload in sentences: who leads with the most clients, by how much, and how that
// came about from the fewest clients on.

struct FindingText {
  let metric: Metric
  let workload: Workload
  let measurements: Measurements
  private let contenders: [Contender]

  /// Of the peers so many are named; the tables have all.
  private static let namedPeers = 3
  /// Bytes of a connection, below which there are no multiples of them.
  private static let smallMemory = 64.0

  init(_ metric: Metric, _ workload: Workload, _ measurements: Measurements) {
    self.metric = metric
    self.workload = workload
    self.measurements = measurements
    contenders = measurements.contenders(in: workload)
  }

  /// Empty when the figure was not measured at all.
  var sentences: [String] {
    guard let ranking = Ranking.last(metric, workload, among: contenders, measurements) else {
      return [singleContenderSentence].filter { !$0.isEmpty }
    }
    guard ranking.isDecided else { return [undecidedSentence(ranking)] }
    return [rankingSentence(ranking)] + absentSentences(ranking) + curveSentences(ranking)
  }

  // MARK: With the most clients

  private func rankingSentence(_ ranking: Ranking) -> String {
    let leaders = ranking.leaders
    let place = "With \(Phrase.clients(ranking.connections))\(without(ranking)) "
    let values = Phrase.list(leaders.map { value($0, ranking) })
    let names = Phrase.list(leaders.map(\.contender.label))
    if ranking.followers.isEmpty {
      return place + "\(names) tie in \(metric.name) (\(values))."
    }
    var text =
      leaders.count == 1
      ? "\(place)\(names) has the \(superlative) \(metric.name) (\(values))"
      : "\(place)\(names) tie for the \(superlative) \(metric.name) (\(values))"
    let named = namedFollowers(ranking)
    text += "; " + Phrase.list(named.map { followerClause($0, ranking) })
    let left = ranking.followers.count - named.count
    if left > 0 { text += "; \(left) more \(left == 1 ? "is" : "are") in the table" }
    return text + "."
  }

  /// Who might be the best there, for all that can be told.
  private func without(_ ranking: Ranking) -> String {
    let saturated = contenders.filter { contender in
      metric.suffersFromSaturation
        && measurements.soundCell(workload, contender, ranking.connections)?.isSaturated == true
    }
    let left = saturated.map(\.label) + ranking.undecided.map(\.contender.label)
    return left.isEmpty ? "," : ", \(Phrase.list(left)) not counted,"
  }

  /// The models that have no comparable figure there, where they have one.
  private func absentSentences(_ ranking: Ranking) -> [String] {
    let leader = ranking.entries[0].contender
    let absent = contenders.filter { contender in
      contender.kind == .model && !ranking.entries.contains { $0.contender.id == contender.id }
    }
    var ties: [Int: [String]] = [:]
    var sentences: [String] = []
    for contender in absent {
      let curve = measurements.curve(metric, workload, contender, to: leader)
      guard let last = curve.points.last, let outcome = curve.outcomes.last else { continue }
      if outcome == .tie {
        ties[last.connections, default: []].append(contender.label)
      } else if outcome != .unknown {
        sentences.append(absentSentence(contender, leader, last))
      }
    }
    return sentences
      + ties.sorted { $0.key < $1.key }.map { connections, names in
        "With \(Phrase.clients(connections)), \(Phrase.list(names + [leader.label])) tie."
      }
  }

  private func absentSentence(
    _ contender: Contender, _ leader: Contender, _ last: RatioCurve.Point
  ) -> String {
    let start = "With \(Phrase.clients(last.connections)), \(contender.label)"
    let own = measurements.estimate(metric, workload, contender, last.connections)
    if metric == .memory, let own {
      return
        "\(start) takes \(metric.text(own.median, open: workload.openConnections(last.connections)))."
    }
    return "\(start) has \(Quantity.times(last.ratio.value)) the \(metric.name) of \(leader.label)."
  }

  private func namedFollowers(_ ranking: Ranking) -> [Ranking.Entry] {
    var peers = 0
    return ranking.followers.filter { entry in
      if entry.contender.kind == .model { return true }
      peers += 1
      return peers <= Self.namedPeers
    }
  }

  private func followerClause(_ entry: Ranking.Entry, _ ranking: Ranking) -> String {
    guard let ratio = entry.ratio, let interval = ratio.interval else {
      return "\(entry.contender.label) \(value(entry, ranking))"
    }
    if metric == .memory { return memoryClause(entry, ratio, ranking) }
    return "\(entry.contender.label) has \(Quantity.times(ratio.value))"
      + " (\(Quantity.bound(interval.low)) to \(Quantity.bound(interval.high)))"
  }

  /// A multiple of next to nothing says nothing; the memory itself does.
  private func memoryClause(
    _ entry: Ranking.Entry, _ ratio: Ratio, _ ranking: Ranking
  ) -> String {
    let text = "\(entry.contender.label) takes \(value(entry, ranking))"
    let least = ranking.entries[0].estimate.median
    let isNothing =
      least < Self.smallMemory || !metric.isResolved(least, open: open(ranking))
    return isNothing ? text : text + " (\(Quantity.times(ratio.value)))"
  }

  private func value(_ entry: Ranking.Entry, _ ranking: Ranking) -> String {
    metric.text(entry.estimate.median, open: open(ranking))
  }

  private func open(_ ranking: Ranking) -> Int {
    workload.openConnections(ranking.connections)
  }

  private var superlative: String { metric.higherIsBetter ? "highest" : "lowest" }

  // MARK: From the fewest clients on

  /// How the best of the models fares against each of the others. Of models that tie for the best it is
  /// the first in the order of the tables.
  private func curveSentences(_ ranking: Ranking) -> [String] {
    let models = contenders.filter { $0.kind == .model }
    guard
      let best = Ranking(metric, workload, ranking.connections, among: models, measurements),
      let first = models.first(where: { best.leads($0.id) })
    else { return [] }
    let courses = models.filter { $0.id != first.id }.map {
      CurveText(
        metric, measurements.curve(metric, workload, first, to: $0), first.label, $0.label)
    }
    let ahead = courses.filter(\.isAheadThroughout)
    let partings = courses.compactMap { course in course.parting.map { (course.second, $0) } }
    var sentences = courses.compactMap(\.sentence)
    sentences += Self.distinct(ahead.map(\.counts)).map { counts in
      let names = Phrase.list(ahead.filter { $0.counts == counts }.map(\.second))
      return "\(first.label) is ahead of \(names) at \(counts)."
    }
    let clauses = Self.distinct(partings.map(\.1)).map { place in
      "of \(Phrase.list(partings.filter { $0.1 == place }.map(\.0))) \(place)"
    }
    if !clauses.isEmpty {
      sentences.append("\(first.label) is ahead \(Phrase.list(clauses)); with fewer they tie.")
    }
    return sentences
  }

  /// Each once, in the order in which they come first.
  private static func distinct(_ texts: [String]) -> [String] {
    texts.reduce(into: []) { found, text in
      if !found.contains(text) { found.append(text) }
    }
  }

  // MARK: When nothing can be compared

  private func undecidedSentence(_ ranking: Ranking) -> String {
    let isSingle = ranking.entries.allSatisfy { $0.estimate.count == 1 }
    let reason = isSingle ? "measured once" : "without two rounds in common"
    let values = ranking.entries.map { "\($0.contender.label) \(value($0, ranking))" }
    return "With \(Phrase.clients(ranking.connections)): \(Phrase.list(values)) in"
      + " \(metric.name), \(reason): no difference can be told from noise."
  }

  private var singleContenderSentence: String {
    for connections in workload.connections.reversed() {
      let measured = contenders.compactMap { contender in
        measurements.estimate(metric, workload, contender, connections).map { (contender, $0) }
      }
      guard let (contender, estimate) = measured.first else { continue }
      if measured.count > 1 {
        return "The generator was the bottleneck: nothing is said about the \(metric.name)."
      }
      return "Only \(contender.label) was measured with \(Phrase.clients(connections)):"
        + " \(metric.text(estimate.median, open: workload.openConnections(connections))) \(metric.name)."
    }
    return ""
  }
}

// One figure of one workload in sentences: who leads with the most clients, by how much, and how that
// came about from the fewest clients on.

struct FindingText {
  let figure: Figure
  let workload: Workload
  let measurements: Measurements
  private let contenders: [Contender]

  /// Of the peers so many are named; the tables have all.
  private static let namedPeers = 3
  /// Bytes of a connection, below which there are no multiples of them.
  private static let smallMemory = 64.0

  init(_ figure: Figure, _ workload: Workload, _ measurements: Measurements) {
    self.figure = figure
    self.workload = workload
    self.measurements = measurements
    contenders = measurements.contenders(in: workload)
  }

  /// Empty when the figure was not measured at all.
  var sentences: [String] {
    guard let standing = Standing.last(figure, workload, among: contenders, measurements) else {
      return [lonelySentence].filter { !$0.isEmpty }
    }
    guard standing.isDecided else { return [undecidedSentence(standing)] }
    return [standingSentence(standing)] + absentSentences(standing) + historySentences(standing)
  }

  // MARK: With the most clients

  private func standingSentence(_ standing: Standing) -> String {
    let leaders = standing.leaders
    let place = "With \(Phrase.clients(standing.connections))\(without(standing)) "
    let values = Phrase.list(leaders.map { value($0, standing) })
    let names = Phrase.list(leaders.map(\.contender.label))
    if standing.followers.isEmpty {
      return place + "\(names) tie in \(figure.name) (\(values))."
    }
    var text =
      leaders.count == 1
      ? "\(place)\(names) has the \(superlative) \(figure.name) (\(values))"
      : "\(place)\(names) tie for the \(superlative) \(figure.name) (\(values))"
    let named = namedFollowers(standing)
    text += "; " + Phrase.list(named.map { followerClause($0, standing) })
    let left = standing.followers.count - named.count
    if left > 0 { text += "; \(left) more \(left == 1 ? "is" : "are") in the table" }
    return text + "."
  }

  /// Who might be the best there, for all that can be told.
  private func without(_ standing: Standing) -> String {
    let saturated = contenders.filter { contender in
      figure.suffersFromSaturation
        && measurements.soundCell(workload, contender, standing.connections)?.isSaturated == true
    }
    let left = saturated.map(\.label) + standing.undecided.map(\.contender.label)
    return left.isEmpty ? "," : ", \(Phrase.list(left)) not counted,"
  }

  /// The models that have no comparable figure there, where they have one.
  private func absentSentences(_ standing: Standing) -> [String] {
    let leader = standing.places[0].contender
    let absent = contenders.filter { contender in
      contender.kind == .model && !standing.places.contains { $0.contender.id == contender.id }
    }
    var ties: [Int: [String]] = [:]
    var sentences: [String] = []
    for contender in absent {
      let history = measurements.history(figure, workload, contender, to: leader)
      guard let last = history.points.last, let outcome = history.outcomes.last else { continue }
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
    _ contender: Contender, _ leader: Contender, _ last: History.Point
  ) -> String {
    let start = "With \(Phrase.clients(last.connections)), \(contender.label)"
    let own = measurements.estimate(figure, workload, contender, last.connections)
    if figure == .memory, let own {
      return
        "\(start) takes \(figure.text(own.median, open: workload.openConnections(last.connections)))."
    }
    return "\(start) has \(Quantity.times(last.ratio.value)) the \(figure.name) of \(leader.label)."
  }

  private func namedFollowers(_ standing: Standing) -> [Standing.Place] {
    var peers = 0
    return standing.followers.filter { place in
      if place.contender.kind == .model { return true }
      peers += 1
      return peers <= Self.namedPeers
    }
  }

  private func followerClause(_ place: Standing.Place, _ standing: Standing) -> String {
    guard let ratio = place.ratio, let interval = ratio.interval else {
      return "\(place.contender.label) \(value(place, standing))"
    }
    if figure == .memory { return memoryClause(place, ratio, standing) }
    return "\(place.contender.label) has \(Quantity.times(ratio.value))"
      + " (\(Quantity.bound(interval.low)) to \(Quantity.bound(interval.high)))"
  }

  /// A multiple of next to nothing says nothing; the memory itself does.
  private func memoryClause(
    _ place: Standing.Place, _ ratio: Ratio, _ standing: Standing
  ) -> String {
    let text = "\(place.contender.label) takes \(value(place, standing))"
    let least = standing.places[0].estimate.median
    let isNothing =
      least < Self.smallMemory || !figure.isResolved(least, open: open(standing))
    return isNothing ? text : text + " (\(Quantity.times(ratio.value)))"
  }

  private func value(_ place: Standing.Place, _ standing: Standing) -> String {
    figure.text(place.estimate.median, open: open(standing))
  }

  private func open(_ standing: Standing) -> Int {
    workload.openConnections(standing.connections)
  }

  private var superlative: String { figure.higherIsBetter ? "highest" : "lowest" }

  // MARK: From the fewest clients on

  /// How the best of the models fares against each of the others. Of models that tie for the best it is
  /// the first in the order of the tables.
  private func historySentences(_ standing: Standing) -> [String] {
    let models = contenders.filter { $0.kind == .model }
    guard
      let best = Standing(figure, workload, standing.connections, among: models, measurements),
      let first = models.first(where: { best.leads($0.id) })
    else { return [] }
    let courses = models.filter { $0.id != first.id }.map {
      HistoryText(
        figure, measurements.history(figure, workload, first, to: $0), first.label, $0.label)
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

  private func undecidedSentence(_ standing: Standing) -> String {
    let isSingle = standing.places.allSatisfy { $0.estimate.count == 1 }
    let reason = isSingle ? "measured once" : "without two rounds in common"
    let values = standing.places.map { "\($0.contender.label) \(value($0, standing))" }
    return "With \(Phrase.clients(standing.connections)): \(Phrase.list(values)) in"
      + " \(figure.name), \(reason): no difference can be told from noise."
  }

  private var lonelySentence: String {
    for connections in workload.connections.reversed() {
      let measured = contenders.compactMap { contender in
        measurements.estimate(figure, workload, contender, connections).map { (contender, $0) }
      }
      guard let (contender, estimate) = measured.first else { continue }
      if measured.count > 1 {
        return "The generator was the bottleneck: nothing is said about the \(figure.name)."
      }
      return "Only \(contender.label) was measured with \(Phrase.clients(connections)):"
        + " \(figure.text(estimate.median, open: workload.openConnections(connections))) \(figure.name)."
    }
    return ""
  }
}

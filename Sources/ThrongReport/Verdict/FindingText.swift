// One figure of one workload in sentences: who leads with the most clients, by how much, and how that
// came about from the fewest clients on.

struct FindingText {
  let figure: Figure
  let workload: Workload
  let measurements: Measurements
  private let contenders: [Contender]

  /// Of the peers so many are named; the tables have all.
  private static let namedPeers = 3

  init(_ figure: Figure, _ workload: Workload, _ measurements: Measurements) {
    self.figure = figure
    self.workload = workload
    self.measurements = measurements
    contenders = measurements.contenders(in: workload)
  }

  /// Empty when the figure was not measured at all.
  var text: String {
    guard let standing = Standing.last(figure, workload, among: contenders, measurements) else {
      return lonelySentence
    }
    if !standing.undecided.isEmpty { return undecidedSentence(standing) }
    return ([standingSentence(standing)] + historySentences(standing)).joined(separator: " ")
  }

  // MARK: With the most clients

  private func standingSentence(_ standing: Standing) -> String {
    let leaders = standing.leaders
    let place = "With \(Phrase.clients(standing.connections)) "
    let values = Phrase.list(leaders.map { figure.text($0.estimate.median) })
    let names = Phrase.list(leaders.map(\.contender.label))
    if standing.followers.isEmpty {
      return place + "\(names) tie in \(figure.name) (\(values))."
    }
    var text =
      leaders.count == 1
      ? "\(place)\(names) has the \(superlative) \(figure.name) (\(values))"
      : "\(place)\(names) tie for the \(superlative) \(figure.name) (\(values))"
    let named = namedFollowers(standing)
    text += "; " + Phrase.list(named.map(followerClause))
    let left = standing.followers.count - named.count
    if left > 0 { text += "; \(left) more \(left == 1 ? "is" : "are") in the table" }
    return text + "."
  }

  private func namedFollowers(_ standing: Standing) -> [Standing.Place] {
    var peers = 0
    return standing.followers.filter { place in
      if place.contender.kind == .model { return true }
      peers += 1
      return peers <= Self.namedPeers
    }
  }

  private func followerClause(_ place: Standing.Place) -> String {
    guard let ratio = place.ratio, let interval = ratio.interval else {
      return "\(place.contender.label) \(figure.text(place.estimate.median))"
    }
    // A ratio to next to nothing says nothing; the memory itself does.
    if figure == .memory { return memoryClause(place, ratio) }
    return "\(place.contender.label) has \(Quantity.times(ratio.value))"
      + " (\(Quantity.digits2(interval.low)) to \(Quantity.digits2(interval.high)))"
  }

  private func memoryClause(_ place: Standing.Place, _ ratio: Ratio) -> String {
    let text = "\(place.contender.label) takes \(figure.text(place.estimate.median))"
    let least = place.estimate.median / ratio.value
    return ratio.value < 100 && least >= 64 ? text + ", \(Quantity.times(ratio.value))" : text
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
    let ahead = courses.filter(\.isAheadThroughout).map(\.second)
    let parting = courses.compactMap(\.parting)
    var sentences = courses.compactMap(\.sentence)
    if !ahead.isEmpty {
      sentences.append(
        "\(first.label) is ahead of \(Phrase.list(ahead)) at every number of clients.")
    }
    if !parting.isEmpty {
      sentences.append(
        "\(first.label) is ahead \(Phrase.list(parting)); with fewer they tie.")
    }
    return sentences
  }

  // MARK: When nothing can be compared

  private func undecidedSentence(_ standing: Standing) -> String {
    let values = standing.places.map { "\($0.contender.label) \(figure.text($0.estimate.median))" }
    return "With \(Phrase.clients(standing.connections)): \(Phrase.list(values)) in"
      + " \(figure.name), measured once: no difference can be told from noise."
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
        + " \(figure.text(estimate.median)) \(figure.name)."
    }
    return ""
  }
}

/// Pieces of sentences.
enum Phrase {
  /// `a`, `a and b`, `a, b and c`.
  static func list(_ parts: [String]) -> String {
    guard parts.count > 1 else { return parts.first ?? "" }
    return parts.dropLast().joined(separator: ", ") + " and " + parts[parts.count - 1]
  }

  static func clients(_ count: Int) -> String {
    "\(Quantity.count(count)) client\(count == 1 ? "" : "s")"
  }

  static func capitalized(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst()
  }
}

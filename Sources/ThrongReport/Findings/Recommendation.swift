// Which model to take for a workload. The rule is simple, so that one can disagree with it: of the models
// that failed nowhere, those stay whose throughput is within a tenth of the best and whose p99 is within
// twice the best, with the most clients; of these the one that needs the least CPU a message, and among
// those that tie in CPU the one with the least memory, and among those that tie there too, the first.

struct Recommendation {
  let workload: Workload
  let connections: Int?
  /// Nil when nothing can be said.
  let model: Contender?
  /// The models that cannot be told from it by the rule.
  let equals: [Contender]
  /// Nobody was left behind: the models cannot be told apart.
  let isOpen: Bool
  private let reason: String

  static let throughputShare = 0.9
  static let latencyMultiple = 2.0

  init(_ workload: Workload, _ measurements: Measurements) {
    let models = measurements.contenders(in: workload).filter { $0.kind == .model }
    let failed = models.filter { model in
      workload.connections.contains { measurements.cell(workload, model, $0)?.failure != nil }
    }
    let able = models.filter { model in !failed.contains { $0.id == model.id } }
    func present(_ connections: Int, samples: Int) -> [Contender] {
      able.filter { model in
        let cell = measurements.soundCell(workload, model, connections)
        return (cell?.samples.count ?? 0) >= samples
      }
    }
    let most = workload.connections.last { present($0, samples: 2).count > 1 }
    self.workload = workload
    connections = most
    guard let most else {
      (model, equals, isOpen) = (nil, [], true)
      reason =
        workload.connections.contains { present($0, samples: 1).count > 1 }
        ? "measured once, so no difference can be told from noise (--repeats 3 or more)"
        : Self.whyNone(models, failed, measurements)
      return
    }
    var selection = Selection(
      workload: workload, connections: most, measurements: measurements,
      left: present(most, samples: 2))
    selection.dropSlow()
    selection.keepLeaders(.cpu)
    selection.keepLeaders(.memory)
    model = selection.left.first
    equals = Array(selection.left.dropFirst())
    isOpen = !selection.hasDropped
    let named = failed.map { "\($0.label) is left out because it failed" }
    reason = (selection.reasons + named).joined(separator: "; ")
  }

  var sentence: String {
    let place = "For \(workload.title)"
    guard model != nil, let connections else { return "\(place): no recommendation: \(reason)." }
    let start = "with \(Phrase.clients(connections)), "
    guard !isOpen else {
      let detail = reason.isEmpty ? "" : " (\(reason))"
      return "\(place), take any: \(start)\(names("and")) cannot be told apart\(detail)."
    }
    return "\(place), take \(names("or")): \(start)\(reason)."
  }

  /// The model and its equals: `a`, `a or b`.
  func names(_ word: String) -> String {
    Phrase.list(([model].compactMap { $0 } + equals).map(\.label), word)
  }

  private static func whyNone(
    _ models: [Contender], _ failed: [Contender], _ measurements: Measurements
  ) -> String {
    if models.isEmpty { return "none of Throng's models was measured" }
    if !failed.isEmpty { return "\(Phrase.list(failed.map(\.label))) failed, and too few are left" }
    return models.count == 1
      ? "\(models[0].label) is the only model that was measured"
      : "no two models were measured with the same number of clients"
  }
}

/// The models that are left while the rule is applied.
private struct Selection {
  let workload: Workload
  let connections: Int
  let measurements: Measurements
  var left: [Contender]
  var reasons: [String] = []
  var hasDropped = false

  private var open: Int { workload.openConnections(connections) }

  private func ranking(_ metric: Metric) -> Ranking? {
    Ranking(metric, workload, connections, among: left, measurements)
  }

  mutating func dropSlow() {
    drop(.throughput) { $0.value < Recommendation.throughputShare }
    drop(.p99) { $0.value > Recommendation.latencyMultiple }
  }

  private mutating func drop(_ metric: Metric, where isSlow: (Ratio) -> Bool) {
    guard let ranking = ranking(metric) else { return }
    let slow = ranking.followers.filter { $0.ratio.map(isSlow) ?? false }
    guard !slow.isEmpty else { return }
    let leaders = ranking.leaders
    let names = Phrase.list(leaders.map(\.contender.label))
    let best = metric.higherIsBetter ? "highest" : "lowest"
    // Where the generator was the bottleneck, somebody may be better still.
    let isPartial = ranking.entries.count < left.count
    let verb = leaders.count == 1 ? "has" : "have"
    let clauses = slow.enumerated().map { index, entry in
      let share = Quantity.share(entry.ratio?.value ?? 1)
      let joint = index > 0 ? "" : metric.higherIsBetter ? "reaches " : "has "
      return "\(entry.contender.label) \(joint)\(share)"
    }
    reasons.append(
      "\(names) \(verb) the \(best) \(isPartial ? "comparable " : "")\(metric.name) (\(metric.text(leaders[0].estimate.median, open: open)));"
        + " \(Phrase.list(clauses)) of it")
    hasDropped = true
    left.removeAll { contender in slow.contains { $0.contender.id == contender.id } }
  }

  mutating func keepLeaders(_ metric: Metric) {
    guard let ranking = ranking(metric), !ranking.followers.isEmpty else { return }
    let kept = left.filter { contender in
      !ranking.followers.contains { $0.contender.id == contender.id }
    }
    let followers = ranking.followers.map { entry in
      metric == .memory
        ? "\(entry.contender.label) \(metric.text(entry.estimate.median, open: open))"
        : "\(entry.contender.label) \(Quantity.times(entry.ratio?.value ?? 1))"
    }
    let leaders = ranking.leaders
    let values = Phrase.list(
      leaders.map { metric.text($0.estimate.median, open: open) })
    reasons.append(
      "\(Phrase.list(leaders.map(\.contender.label))) \(leaders.count == 1 ? "needs" : "need") the"
        + " least \(metric.name) (\(values); \(Phrase.list(followers)))")
    hasDropped = true
    left = kept
  }
}

// The recommended model at one number of clients, with reasons as values. The rule: of the models that
// failed nowhere in the workload, keep those with at least 90 % of the best throughput and at most twice the
// best p99; of these, those with the least CPU per message; of models that cannot be told apart, the simplest,
// which has the fewest threads.

struct Recommendation: Sendable, Equatable {
  enum Reason: Sendable, Equatable {
    /// Models dropped because they are too far behind the leaders.
    case behind(Ranking, dropped: [Ranking.Entry], isPartial: Bool)
    /// Models dropped because they need more CPU than the leaders.
    case needsMore(Ranking)
    /// Models that cannot be told apart, of which the simplest is chosen.
    case simplest(among: [Contender], threads: Int)
    /// Models dropped because a cell of theirs failed.
    case failed([Contender])
  }

  let workload: Workload
  let connections: Int
  /// The recommended model; more than one if they have the same number of threads, too.
  let models: [Contender]
  let reasons: [Reason]

  static let throughputShare = 0.9
  static let latencyMultiple = 2.0

  /// Nil when fewer than two models were measured there, or only once.
  init?(_ workload: Workload, _ connections: Int, _ measurements: Measurements) {
    let models = measurements.candidates(in: workload)
    let failed = models.filter { model in
      workload.connections.contains { measurements.cell(workload, model, $0)?.failure != nil }
    }
    let able = models.filter { model in
      let cell = measurements.soundCell(workload, model, connections)
      return !failed.contains { $0.id == model.id } && (cell?.samples.count ?? 0) > 1
    }
    guard able.count > 1 else { return nil }
    var selection = Selection(
      workload: workload, connections: connections, measurements: measurements, left: able)
    selection.drop(.throughput) { $0.value < Self.throughputShare }
    selection.drop(.p99) { $0.value > Self.latencyMultiple }
    selection.keepLeaders(.cpu)
    selection.keepSimplest()
    self.workload = workload
    self.connections = connections
    self.models = selection.left
    reasons = selection.reasons + (failed.isEmpty ? [] : [.failed(failed)])
  }

  /// The measured differences that the recommendation rests on, by metric, with the leaders.
  var differences: [(ranking: Ranking, dropped: [Ranking.Entry])] {
    reasons.compactMap { reason in
      switch reason {
      case .behind(let ranking, let dropped, _): (ranking, dropped)
      case .needsMore(let ranking): (ranking, ranking.followers)
      case .simplest, .failed: nil
      }
    }
  }

  /// Models that cannot be told apart from the first recommended one.
  var equals: [Contender] {
    for case .simplest(let among, _) in reasons {
      return among.filter { $0.id != models.first?.id }
    }
    return Array(models.dropFirst())
  }

  /// Confidence that the dropped models are worse: the least of them; nil when none was dropped.
  var confidence: Double? {
    differences.flatMap(\.dropped).compactMap { $0.ratio?.confidence }.min()
  }
}

/// The models left while the rule is applied.
private struct Selection {
  let workload: Workload
  let connections: Int
  let measurements: Measurements
  var left: [Contender]
  var reasons: [Recommendation.Reason] = []

  private func ranking(_ metric: Metric) -> Ranking? {
    Ranking(metric, workload, connections, among: left, measurements)
  }

  mutating func drop(_ metric: Metric, where isBehind: (Ratio) -> Bool) {
    guard let ranking = ranking(metric) else { return }
    let dropped = ranking.followers.filter { $0.ratio.map(isBehind) ?? false }
    guard !dropped.isEmpty else { return }
    // A model with a saturated generator is not in the ranking and may be better still.
    let isPartial = ranking.entries.count < left.count
    reasons.append(.behind(ranking, dropped: dropped, isPartial: isPartial))
    remove(dropped)
  }

  mutating func keepLeaders(_ metric: Metric) {
    guard let ranking = ranking(metric), !ranking.followers.isEmpty else { return }
    reasons.append(.needsMore(ranking))
    remove(ranking.followers)
  }

  mutating func keepSimplest() {
    let threads = left.map { model in
      measurements.cell(workload, model, connections)?
        .median { $0.threads.map { Double($0) } } ?? .infinity
    }
    guard left.count > 1, let fewest = threads.min(), fewest < .infinity else { return }
    reasons.append(.simplest(among: left, threads: Int(fewest)))
    left = zip(left, threads).filter { $0.1 == fewest }.map(\.0)
  }

  private mutating func remove(_ entries: [Ranking.Entry]) {
    left.removeAll { contender in entries.contains { $0.contender.id == contender.id } }
  }
}

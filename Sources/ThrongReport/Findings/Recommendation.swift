// The recommended model for a workload, with reasons as values. The rule: of the models that failed
// nowhere, keep those with at least 90 % of the best throughput and at most twice the best p99 at the most
// clients; of these, the least CPU per message; among ties, the least memory; then the first in order.

import LinuxSystem

struct Recommendation: Sendable, Equatable {
  enum Reason: Sendable, Equatable {
    /// Models dropped because they are too far behind the leaders.
    case behind(Ranking, dropped: [Ranking.Entry], isPartial: Bool)
    /// Models dropped because they need more of a metric than the leaders.
    case needsMore(Ranking)
    /// Models dropped because a cell of theirs failed.
    case failed([Contender])
  }

  enum Result: Sendable, Equatable {
    /// The recommended model first, then models that the rule cannot distinguish from it.
    case models([Contender], connections: Int)
    /// No model was dropped.
    case any([Contender], connections: Int)
    case measuredOnce
    case noModel
    case tooFew(failed: [Contender])
    case onlyModel(Contender)
    case noCommonConnections
  }

  let workload: Workload
  let result: Result
  let reasons: [Reason]

  static let throughputShare = 0.9
  static let latencyMultiple = 2.0

  init(_ workload: Workload, _ measurements: Measurements) {
    self.workload = workload
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
    let last = workload.connections.last { present($0, samples: 2).count > 1 }
    guard let last else {
      let isSingle = workload.connections.contains { present($0, samples: 1).count > 1 }
      result = isSingle ? .measuredOnce : Self.noResult(models, failed)
      reasons = []
      return
    }
    var selection = Selection(
      workload: workload, connections: last, measurements: measurements,
      left: present(last, samples: 2))
    selection.drop(.throughput) { $0.value < Self.throughputShare }
    selection.drop(.p99) { $0.value > Self.latencyMultiple }
    selection.keepLeaders(.cpu)
    selection.keepLeaders(.memory)
    result =
      selection.reasons.isEmpty
      ? .any(selection.left, connections: last) : .models(selection.left, connections: last)
    reasons = selection.reasons + (failed.isEmpty ? [] : [.failed(failed)])
  }

  private static func noResult(_ models: [Contender], _ failed: [Contender]) -> Result {
    if models.isEmpty { return .noModel }
    if !failed.isEmpty { return .tooFew(failed: failed) }
    return models.count == 1 ? .onlyModel(models[0]) : .noCommonConnections
  }

  /// The recommended models; empty when none is better than the others.
  var models: [Contender] { if case .models(let models, _) = result { models } else { [] } }

  /// Whether the models were compared, with or without a difference.
  var isCompared: Bool {
    switch result {
    case .models, .any: true
    default: false
    }
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
    left.removeAll { contender in dropped.contains { $0.contender.id == contender.id } }
  }

  mutating func keepLeaders(_ metric: Metric) {
    guard let ranking = ranking(metric), !ranking.followers.isEmpty else { return }
    reasons.append(.needsMore(ranking))
    left = left.filter { contender in
      !ranking.followers.contains { $0.contender.id == contender.id }
    }
  }
}

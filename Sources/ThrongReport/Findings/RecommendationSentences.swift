// Sentences for recommendations and for the headline of the report. Any thread.

import LinuxSystem

extension Recommendation {
  /// The recommendation with its reasons.
  var sentence: String {
    let start = "For \(workload.title)"
    let reason = reasons.map(\.text).joined(separator: "; ")
    return switch result {
    case .models(let models, let connections):
      "\(start), use \(Self.names(models)): with \(Phrase.clients(connections)), \(reason)."
    case .any(let models, let connections):
      "\(start), use any model: with \(Phrase.clients(connections)),"
        + " \(Phrase.list(models.map(\.label))) do not differ significantly"
        + (reason.isEmpty ? "." : " (\(reason)).")
    case .measuredOnce:
      "\(start): no recommendation: measured once, so differences cannot be distinguished from noise"
        + " (use --repeats 3 or more)."
    case .noModel: "\(start): no recommendation: none of Throng's models was measured."
    case .tooFew(let failed):
      "\(start): no recommendation: \(Phrase.list(failed.map(\.label))) failed, and fewer than two"
        + " models are left."
    case .onlyModel(let model):
      "\(start): no recommendation: \(model.label) is the only model that was measured."
    case .noCommonConnections:
      "\(start): no recommendation: no two models were measured with the same number of clients."
    }
  }

  /// `a`, `a or b`.
  static func names(_ models: [Contender]) -> String { Phrase.list(models.map(\.label), "or") }
}

extension Recommendation.Reason {
  var text: String {
    switch self {
    case .behind(let ranking, let dropped, let isPartial):
      Self.behind(ranking, dropped, isPartial)
    case .needsMore(let ranking): Self.needsMore(ranking)
    case .failed(let models):
      models.map { "\($0.label) is excluded because it failed" }.joined(separator: "; ")
    }
  }

  private static func behind(
    _ ranking: Ranking, _ dropped: [Ranking.Entry], _ isPartial: Bool
  ) -> String {
    let metric = ranking.metric
    let names = Phrase.list(ranking.leaders.map(\.contender.label))
    let verb = ranking.leaders.count == 1 ? "has" : "have"
    let best = metric.higherIsBetter ? "highest" : "lowest"
    let clauses = dropped.enumerated().map { index, entry in
      let verb = index > 0 ? "" : metric.higherIsBetter ? "reaches " : "has "
      return "\(entry.contender.label) \(verb)\(Quantity.share(entry.ratio?.value ?? 1))"
    }
    return "\(names) \(verb) the \(best) \(isPartial ? "comparable " : "")\(metric.name)"
      + " (\(ranking.text(ranking.leaders[0]))); \(Phrase.list(clauses)) of it"
  }

  private static func needsMore(_ ranking: Ranking) -> String {
    let leaders = ranking.leaders
    let followers = ranking.followers.map { entry in
      let isValue = ranking.metric.isStatedAsValue
      let amount = isValue ? ranking.text(entry) : Quantity.times(entry.ratio?.value ?? 1)
      return "\(entry.contender.label) \(amount)"
    }
    return "\(Phrase.list(leaders.map(\.contender.label)))"
      + " \(leaders.count == 1 ? "needs" : "need") the least \(ranking.metric.name)"
      + " (\(Phrase.list(leaders.map(ranking.text))); \(Phrase.list(followers)))"
  }
}

/// The headline: which model to use, and the clearest evidence for it.
struct Headline {
  let recommendations: [Recommendation]
  let measurements: Measurements

  /// Which model to use; or why there is no answer.
  var advice: String {
    let cells = measurements.results.cells
    guard cells.contains(where: \.isSound) else { return "Nothing was measured." }
    if !decided.isEmpty { return "Use " + modelsByWorkload.joined(separator: "; ") + "." }
    let measured = measurements.results.contenders.filter { contender in
      cells.contains { $0.contender == contender.id && $0.isSound }
    }
    if measured.count == 1 {
      return "Only \(measured[0].label) was measured; there is nothing to compare it with."
    }
    if recommendations.contains(where: \.isCompared) {
      return "The models do not differ significantly."
    }
    return cells.contains { $0.samples.count > 1 }
      ? "The results do not decide between the models."
      : "Measured once: differences cannot be distinguished from noise."
  }

  private var decided: [Recommendation] { recommendations.filter { !$0.models.isEmpty } }

  /// `reactor for 64-byte echo and churn`, one for each set of models.
  private var modelsByWorkload: [String] {
    var order: [String] = []
    for recommendation in decided {
      let names = Recommendation.names(recommendation.models)
      if !order.contains(names) { order.append(names) }
    }
    return order.map { names in
      let titles = decided.filter { Recommendation.names($0.models) == names }.map(\.workload.title)
      return "\(names) for \(Phrase.list(titles))"
    }
  }

  /// The recommended model compared with the model that needs the most CPU; empty without a difference.
  var evidence: String {
    guard let workload = decided.first?.workload, let model = decided.first?.models.first else {
      return ""
    }
    let rivals = measurements.contenders(in: workload).filter {
      $0.kind == .model && $0.id != model.id
    }.compactMap { other -> (other: Contender, curve: RatioCurve, cpu: Double)? in
      let curve = measurements.curve(.cpu, workload, model, to: other)
      return curve.points.last.map { (other, curve, $0.ratio.value) }
    }
    guard let (other, curve, cpu) = rivals.min(by: { $0.cpu < $1.cpu }),
      let last = curve.points.last, let outcome = curve.outcomes.last
    else { return "" }
    let memory = measurements.ratio(.memory, workload, model, to: other, last.connections)
      .flatMap { $0.outcome(floor: Metric.memory.floor) == .less ? $0.value : nil }
    let cpuShare = Quantity.share(cpu, of: "the CPU")
    let clause: String
    switch (outcome, memory) {
    case (.less, let memory?):
      clause = "needs \(cpuShare) and \(Quantity.share(memory, of: "the memory")) of \(other.label)"
    case (.less, nil): clause = "needs \(cpuShare) of \(other.label)"
    case (.tie, let memory?):
      clause =
        "ties with \(other.label) in CPU and needs \(Quantity.share(memory, of: "its memory"))"
    default: return ""
    }
    return "With \(Phrase.clients(last.connections)) (\(workload.title)), \(model.label) \(clause)"
      + ending(curve, other)
  }

  private func ending(_ curve: RatioCurve, _ other: Contender) -> String {
    let limits =
      curve.notCompared.isEmpty ? "" : " (\(Phrase.notCompared(curve.notCompared)))"
    if let crossover = curve.crossovers.last, crossover.before == .more {
      return "; \(other.label) needs less CPU up to \(crossover.position.text)\(limits)."
    }
    if let end = curve.endOfTie { return "; they tie in CPU up to \(end.text)\(limits)." }
    return "."
  }
}

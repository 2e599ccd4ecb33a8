// The most that can be said, in one or two sentences.

struct Headline {
  let recommendations: [Recommendation]
  let measurements: Measurements

  /// What to do; or why that cannot be said.
  var advice: String {
    guard measurements.results.cells.contains(where: \.isSound) else {
      return "Nothing was measured."
    }
    return recommendationText.isEmpty ? nothingToSay : recommendationText
  }

  /// The figures that say so; empty when there are none.
  var evidence: String { decided.first.map(evidence) ?? "" }

  private var decided: [Recommendation] { recommendations.filter { $0.model != nil && !$0.isOpen } }

  private var nothingToSay: String {
    let measured = measurements.results.contenders.filter { contender in
      measurements.results.cells.contains { $0.contender == contender.id && $0.isSound }
    }
    if measured.count == 1 {
      return "Only \(measured[0].label) was measured: there is nothing to compare it with."
    }
    return recommendations.contains { $0.model != nil }
      ? "The models cannot be told apart."
      : measurements.results.cells.contains { $0.samples.count > 1 }
        ? "The figures do not decide between the models."
        : "Measured once: no difference can be told from noise."
  }

  /// `Take reactor for 64-byte echo and idle crowds; thread-per-client or thread-pool for ...`
  private var recommendationText: String {
    var order: [String] = []
    for recommendation in decided where !order.contains(recommendation.names("or")) {
      order.append(recommendation.names("or"))
    }
    let parts = order.map { names in
      let titles = decided.filter { $0.names("or") == names }.map(\.workload.title)
      return "\(names) for \(Phrase.list(titles))"
    }
    return parts.isEmpty ? "" : "Take " + parts.joined(separator: "; ") + "."
  }

  /// The chosen model beside the one that is furthest from it in CPU.
  private func evidence(_ recommendation: Recommendation) -> String {
    guard let model = recommendation.model else { return "" }
    let workload = recommendation.workload
    let others = measurements.contenders(in: workload).filter {
      $0.kind == .model && $0.id != model.id
    }
    let rivals = others.compactMap { other -> (Contender, RatioCurve, Double)? in
      let curve = measurements.curve(.cpu, workload, model, to: other)
      guard let last = curve.points.last else { return nil }
      return (other, curve, last.ratio.value)
    }
    guard let (other, curve, _) = rivals.min(by: { $0.2 < $1.2 }),
      let last = curve.points.last, let outcome = curve.outcomes.last
    else { return "" }
    let memory = measurements.ratio(.memory, workload, model, to: other, last.connections)
      .flatMap { $0.outcome(floor: Metric.memory.floor) == .less ? $0.value : nil }
    let cpu = Quantity.share(last.ratio.value, of: "the CPU")
    let needs: String
    switch (outcome, memory) {
    case (.less, let memory?):
      needs = "needs \(cpu) and \(Quantity.share(memory, of: "the memory")) of \(other.label)"
    case (.less, nil): needs = "needs \(cpu) of \(other.label)"
    case (.tie, let memory?):
      needs =
        "ties with \(other.label) in CPU and needs \(Quantity.share(memory, of: "its memory"))"
    default: return ""
    }
    return "With \(Phrase.clients(last.connections)) (\(workload.title)), \(model.label) \(needs)"
      + coda(curve, other)
  }

  private func coda(_ curve: RatioCurve, _ other: Contender) -> String {
    let left = curve.notComparedText.map { " (\($0))" } ?? ""
    if let crossover = curve.crossovers.last, crossover.before == .more {
      return "; \(other.label) needs less CPU up to \(crossover.position.text)\(left)."
    }
    if let end = curve.endOfTie {
      return "; they tie in CPU up to \(end.text)\(left)."
    }
    return "."
  }
}

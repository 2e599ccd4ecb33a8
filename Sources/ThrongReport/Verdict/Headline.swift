// The most that can be said, in one or two sentences.

struct Headline {
  let choices: [Choice]
  let measurements: Measurements

  /// What to do; or why that cannot be said.
  var advice: String {
    guard measurements.results.cells.contains(where: \.isSound) else {
      return "Nothing was measured."
    }
    return choiceText.isEmpty ? nothingToSay : choiceText
  }

  /// The figures that say so; empty when there are none.
  var evidence: String { choices.first { $0.model != nil }.map(evidence) ?? "" }

  private var nothingToSay: String {
    let measured = measurements.results.contenders.filter { contender in
      measurements.results.cells.contains { $0.contender == contender.id && $0.isSound }
    }
    if measured.count == 1 {
      return "Only \(measured[0].label) was measured: there is nothing to compare it with."
    }
    return measurements.results.cells.contains { $0.samples.count > 1 }
      ? "The figures do not decide between the models."
      : "Measured once: no difference can be told from noise."
  }

  /// `reactor for 64-byte echo and idle crowds; thread-per-client for ...`
  private var choiceText: String {
    var order: [Contender] = []
    for choice in choices {
      guard let model = choice.model, !order.contains(where: { $0.id == model.id }) else {
        continue
      }
      order.append(model)
    }
    let parts = order.map { model in
      let titles = choices.filter { $0.model?.id == model.id }.map(\.workload.title)
      return "\(model.label) for \(Phrase.list(titles))"
    }
    return parts.isEmpty ? "" : "Take " + parts.joined(separator: "; ") + "."
  }

  /// The chosen model beside the one that is furthest from it in CPU.
  private func evidence(_ choice: Choice) -> String {
    guard let model = choice.model else { return "" }
    let workload = choice.workload
    let others = measurements.contenders(in: workload).filter {
      $0.kind == .model && $0.id != model.id
    }
    let rivals = others.compactMap { other -> (Contender, History, Double)? in
      let history = measurements.history(.cpu, workload, model, to: other)
      guard let last = history.points.last else { return nil }
      return (other, history, last.ratio.value)
    }
    guard let (other, history, _) = rivals.min(by: { $0.2 < $1.2 }),
      let last = history.points.last, let outcome = history.outcomes.last
    else { return "" }
    var clauses: [String] = []
    if outcome == .less {
      clauses.append("needs \(Quantity.share(last.ratio.value, of: "the CPU"))")
    } else if outcome == .tie {
      clauses.append("ties in CPU")
    }
    if let memory = measurements.ratio(.memory, workload, model, to: other, last.connections),
      memory.outcome(floor: Figure.memory.floor) == .less
    {
      clauses.append(
        "\(outcome == .less ? "" : "needs ")\(Quantity.share(memory.value, of: "the memory"))")
    }
    guard !clauses.isEmpty else { return "" }
    let text =
      "With \(Phrase.clients(last.connections)) (\(workload.title)), \(model.label)"
      + " \(Phrase.list(clauses)) of \(other.label)"
    return text + coda(history, model, other)
  }

  private func coda(_ history: History, _ model: Contender, _ other: Contender) -> String {
    if let crossover = history.crossovers.last, crossover.before == .more {
      return "; \(other.label) needs less CPU up to about"
        + " \(Quantity.about(crossover.place.connections)) clients."
    }
    if let end = history.endOfTie {
      return "; they tie in CPU up to about \(Quantity.about(end.connections)) clients."
    }
    return "."
  }
}

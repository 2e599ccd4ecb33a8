// Sentences for recommendations: the headline, its evidence, and the reasons. Any thread.

extension Recommendation {
  /// The recommendation with its reasons.
  var sentence: String {
    let names = Phrase.list(models.map(\.label), "or")
    let reasons = reasons.map(\.text).joined(separator: "; ")
    return "For \(workload.title), use \(names): with \(Phrase.clients(connections)), \(reasons)."
  }

  /// Why there is no recommendation for a workload.
  static func missing(_ workload: Workload, _ measurements: Measurements) -> String {
    let models = measurements.candidates(in: workload)
    let failed = models.filter { model in
      workload.connections.contains { measurements.cell(workload, model, $0)?.failure != nil }
    }
    let isSingle = workload.connections.contains { connections in
      models.count { measurements.soundCell(workload, $0, connections) != nil } > 1
    }
    let reason =
      if models.isEmpty {
        "nothing was measured"
      } else if !failed.isEmpty {
        "\(Phrase.list(failed.map(\.label))) failed, and fewer than two models are left"
      } else if models.count == 1 {
        "\(models[0].label) is the only one that was measured"
      } else if isSingle {
        "measured once, so differences cannot be distinguished from noise (use more rounds)"
      } else {
        "no two were measured with the same number of clients"
      }
    return "For \(workload.title): no recommendation: \(reason)."
  }

  /// The largest difference to a dropped model, in one line: `reactor needs 0.41 ± 0.02 of
  /// thread-per-client's CPU per message at 1,000 clients`; empty without one. Of CPU if there is one,
  /// because it varies least.
  func evidence(_ measurements: Measurements) -> String {
    guard let model = models.first else { return "" }
    let dropped = differences.flatMap(\.dropped).map(\.contender)
    for metric in [.cpu] + differences.map(\.ranking.metric) {
      let ratios = dropped.compactMap { other in
        measurements.ratio(metric, workload, model, to: other, connections).map {
          (other: other.label, ratio: $0)
        }
      }.filter {
        $0.ratio.outcome(floor: metric.floor) == (metric.higherIsBetter ? .more : .less)
      }.sorted { $0.ratio.value < $1.ratio.value }
      guard let (other, ratio) = metric.higherIsBetter ? ratios.last : ratios.first else {
        continue
      }
      let verb = metric.higherIsBetter ? "has" : "needs"
      let relation = metric.higherIsBetter ? "times" : "of"
      return
        "\(model.label) \(verb) \(Quantity.ratio(ratio)) \(relation) \(other)'s \(metric.name) at"
        + " \(Phrase.clients(connections))."
    }
    return ""
  }

  /// `97 %`, or the models that cannot be told apart.
  var confidenceText: String {
    let others = equals.filter { equal in !models.contains { $0.id == equal.id } }.map(\.label)
    let from = others.isEmpty ? "" : " from \(Phrase.list(others))"
    let parts: [String?] = [
      confidence.map(Quantity.confidence), equals.isEmpty ? nil : "cannot be told apart\(from)",
    ]
    return parts.compactMap { $0 }.joined(separator: "; ")
  }
}

extension Recommendation.Reason {
  var text: String {
    switch self {
    case .behind(let ranking, let dropped, let isPartial):
      "\(Self.best(ranking, isPartial ? "comparable " : ""))"
        + "; \(Self.list(dropped, ranking)) that"
    case .needsMore(let ranking):
      Self.best(ranking, "") + "; \(Self.list(ranking.followers, ranking)) that"
    case .simplest(let models, let threads):
      "\(Phrase.list(models.map(\.label))) cannot be told apart in CPU, and the simplest has the fewest"
        + " threads (\(Quantity.count(threads)))"
    case .failed(let models):
      models.map { "\($0.label) is excluded because it failed" }.joined(separator: "; ")
    }
  }

  private static func best(_ ranking: Ranking, _ adjective: String) -> String {
    let leaders = ranking.leaders
    return "\(Phrase.list(leaders.map(\.contender.label))) \(leaders.count == 1 ? "has" : "have")"
      + " the \(ranking.metric.higherIsBetter ? "highest" : "lowest") \(adjective)"
      + "\(ranking.metric.name) (\(Phrase.list(leaders.map(ranking.text))))"
  }

  private static func list(_ entries: [Ranking.Entry], _ ranking: Ranking) -> String {
    let verb = ranking.metric.higherIsBetter ? "reaches" : "has"
    return Phrase.list(
      entries.map { entry in
        "\(entry.contender.label) \(verb) \(entry.ratio.map { Quantity.times($0.value) } ?? "-")"
      })
  }
}

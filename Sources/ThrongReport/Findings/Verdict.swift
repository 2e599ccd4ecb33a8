// The verdict on a comparison: findings, exclusions and recommendations, and the sentences made from them.
// Every sentence follows from medians and intervals; above the limits of `Noise` there is no verdict.
// Values; any thread.

/// The verdict on a comparison, as sentences.
package struct Verdict: Sendable, Equatable {
  /// Which model to use; or why there is no answer.
  package let advice: String
  /// The clearest evidence for the advice; empty when there is none.
  package let evidence: String
  /// Command that starts the first recommended model; empty without a recommendation.
  package let command: String
  /// The recommended model and the reasons, one sentence for each workload.
  let recommendation: [String]
  let workloads: [WorkloadVerdict]
  /// Contenders that did not take part, and other limits of the comparison.
  let remarks: [String]
  /// Whether the data do not carry a verdict: contenders were compared, on a machine too busy for it.
  package let isInconclusive: Bool

  package init(_ results: CompareResults) { self.init(Measurements(results)) }

  init(_ measurements: Measurements) {
    let results = measurements.results
    let noise = Noise(results)
    let measured = results.contenders.filter { contender in
      results.cells.contains { $0.contender == contender.id && $0.isSound }
    }
    isInconclusive = noise.isInconclusive && measured.count > 1
    let isInconclusive = isInconclusive
    workloads = results.workloads.map {
      WorkloadVerdict($0, measurements, isInconclusive: isInconclusive)
    }
    let chosen = workloads.compactMap(\.recommendations.last)
    recommendation =
      isInconclusive
      ? []
      : zip(results.workloads, workloads).map { workload, verdict in
        verdict.recommendations.last?.sentence ?? Recommendation.missing(workload, measurements)
      }
    advice =
      isInconclusive ? noise.headline : Self.advice(chosen, measured: measured, results)
    evidence =
      isInconclusive
      ? noise.remedy
      : chosen.lazy.map { $0.evidence(measurements) }.first { !$0.isEmpty } ?? ""
    command = chosen.first?.models.first.map(Self.command) ?? ""
    remarks = Self.remarks(results)
  }

  private static func advice(
    _ chosen: [Recommendation], measured: [Contender], _ results: CompareResults
  ) -> String {
    if measured.isEmpty { return "Nothing was measured." }
    let telling = chosen.filter { $0.confidence != nil }
    if telling.isEmpty, let first = chosen.first {
      let simplest = first.models.count == 1 ? "; \(first.models[0].label) is the simplest" : ""
      let all = [first.models[0]] + first.equals
      return "\(Phrase.list(all.map(\.label))) cannot be told apart\(simplest)."
    }
    if !telling.isEmpty { return "Use \(models(of: chosen).joined(separator: "; "))." }
    if measured.count == 1 {
      return "Only \(measured[0].label) was measured; there is nothing to compare it with."
    }
    return results.cells.contains { $0.samples.count > 1 }
      ? "The results do not decide between the models."
      : "Measured once: differences cannot be distinguished from noise."
  }

  /// `reactor for 64-byte echo and churn`, one for each set of models.
  private static func models(of recommendations: [Recommendation]) -> [String] {
    var order: [String] = []
    var titles: [String: [String]] = [:]
    for recommendation in recommendations {
      let names = Phrase.list(recommendation.models.map(\.label), "or")
      if titles[names] == nil { order.append(names) }
      titles[names, default: []].append(recommendation.workload.title)
    }
    return order.map { "\($0) for \(Phrase.list(titles[$0] ?? []))" }
  }

  private static func command(_ contender: Contender) -> String {
    contender.kind == .peer
      ? contender.command : (["throng", "serve"] + contender.flags).joined(separator: " ")
  }

  private static func remarks(_ results: CompareResults) -> [String] {
    var remarks: [String] = []
    if results.wasInterrupted {
      remarks.append("The comparison was interrupted; results cover the cells measured before.")
    }
    for contender in results.contenders {
      guard let reason = contender.omitted else { continue }
      remarks.append("\(contender.label) did not take part: \(reason).")
    }
    return remarks
  }

  /// Advice and evidence.
  var headline: String { evidence.isEmpty ? advice : advice + " " + evidence }
}

/// The findings for one workload.
struct WorkloadVerdict: Sendable, Equatable {
  /// The findings about one metric.
  struct MetricFindings: Sendable, Equatable {
    let metric: Metric
    let findings: [Finding]

    /// The ranking with the most clients first, then the trend over the number of clients; not empty.
    var sentences: [String] {
      findings.flatMap(FindingSentences(metric: metric).sentences)
    }

    var text: String { sentences.joined(separator: " ") }
  }

  let title: String
  /// The recommended model at each number of clients where there is one.
  let recommendations: [Recommendation]
  /// One entry for each metric that was measured.
  let findings: [MetricFindings]
  /// What failed or was not compared, and why.
  let remarks: [String]

  init(_ workload: Workload, _ measurements: Measurements, isInconclusive: Bool) {
    title = workload.title
    remarks = Exclusion.all(workload, measurements).map(\.sentence)
    guard !isInconclusive else {
      (recommendations, findings) = ([], [])
      return
    }
    recommendations = workload.connections.compactMap {
      Recommendation(workload, $0, measurements)
    }
    findings = Metric.all.compactMap { metric in
      let search = FindingSearch(metric: metric, workload: workload, measurements: measurements)
      let findings = search.findings
      return findings.isEmpty ? nil : MetricFindings(metric: metric, findings: findings)
    }
  }
}

extension Noise {
  var headline: String {
    isBusy ? "Inconclusive: the machine was busy." : "Inconclusive: the results vary too much."
  }

  /// The noise, its limits, and what to do.
  var remedy: String {
    var parts: [String] = []
    if let background {
      parts.append(
        "others used \(Quantity.percent(background)) of the processor time"
          + " (limit \(Quantity.percent(Self.backgroundLimit)))")
    }
    if let spread {
      parts.append(
        "CPU per message is known to ±\(Quantity.percent(spread))"
          + " (limit ±\(Quantity.percent(Self.spreadLimit)))")
    }
    return Phrase.capitalized(Phrase.list(parts))
      + "; repeat on a quiet machine, or with more rounds."
  }
}

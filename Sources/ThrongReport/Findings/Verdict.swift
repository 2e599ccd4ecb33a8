// What the figures say, in words. Every sentence follows from medians and intervals; where these do not
// tell, the sentence says so. Nothing here knows what the outcome should be.

/// The verdict on a comparison.
public struct Verdict: Sendable, Equatable {
  /// What to do, in a sentence; or why that cannot be said.
  public let advice: String
  /// The figures that say so most clearly; empty when there are none.
  public let evidence: String
  /// Which model to take, and why: a sentence for each workload.
  public let recommendation: [String]
  public let workloads: [WorkloadVerdict]
  /// What took no part, and what else limits what was said.
  public let remarks: [String]

  public init(_ results: CompareResults) { self.init(Measurements(results)) }

  init(_ measurements: Measurements) {
    let results = measurements.results
    let recommendations = results.workloads.map { Recommendation($0, measurements) }
    workloads = results.workloads.map { WorkloadVerdict($0, measurements) }
    recommendation = recommendations.map(\.sentence)
    let headline = Headline(recommendations: recommendations, measurements: measurements)
    advice = headline.advice
    evidence = headline.evidence
    remarks = Self.remarks(results)
  }

  private static func remarks(_ results: CompareResults) -> [String] {
    var remarks: [String] = []
    if results.wasInterrupted {
      remarks.append("The comparison was interrupted: what is here was measured until then.")
    }
    for contender in results.contenders {
      guard let reason = contender.omitted else { continue }
      remarks.append("\(contender.label) took no part: \(reason).")
    }
    return remarks
  }

  /// The most that can be said, in one or two sentences.
  public var headline: String { evidence.isEmpty ? advice : advice + " " + evidence }

  /// The whole verdict for a terminal, in lines of at most 100 characters. Names cannot steer it.
  public var text: String {
    var lines = [headline, ""]
    for workload in workloads {
      lines.append(workload.title)
      lines += workload.findings.map { "  \($0.text)" }
      lines += workload.remarks.map { "  \($0)" }
      lines.append("")
    }
    lines.append("Recommendation")
    lines += recommendation.map { "  \($0)" }
    if !remarks.isEmpty { lines += [""] + remarks }
    return lines.map { TextTable.wrap(TextTable.clean($0, to: .max), at: 100) }.joined()
  }
}

/// What was found for one workload.
public struct WorkloadVerdict: Sendable, Equatable {
  public struct Finding: Sendable, Equatable {
    public let metric: Metric
    /// Who leads with the most clients first, then how that came about; never empty.
    public let sentences: [String]
    public var text: String { sentences.joined(separator: " ") }
  }

  public let id: Workload.ID
  public let title: String
  public let findings: [Finding]
  /// What failed, what was not compared, and why.
  public let remarks: [String]

  init(_ workload: Workload, _ measurements: Measurements) {
    id = workload.id
    title = workload.title
    findings = Metric.allCases.compactMap { metric in
      let sentences = FindingText(metric, workload, measurements).sentences
      return sentences.isEmpty ? nil : Finding(metric: metric, sentences: sentences)
    }
    remarks = Exclusions(workload, measurements).sentences
  }
}

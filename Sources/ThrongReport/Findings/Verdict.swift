// The verdict on a comparison: findings, exclusions and recommendations, and the sentences made from them.
// Every sentence follows from medians and intervals; without a significant difference it says so. Values;
// any thread.

import LinuxSystem

/// The verdict on a comparison, as sentences.
public struct Verdict: Sendable, Equatable {
  /// Which model to use; or why there is no answer.
  public let advice: String
  /// The clearest evidence for the advice; empty when there is none.
  public let evidence: String
  /// The recommended model and the reasons, one sentence for each workload.
  public let recommendation: [String]
  /// The findings for each workload.
  public let workloads: [WorkloadVerdict]
  /// Contenders that did not take part, and other limits of the comparison.
  public let remarks: [String]

  /// Computes the verdict.
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
      remarks.append("The comparison was interrupted; results cover the cells measured before.")
    }
    for contender in results.contenders {
      guard let reason = contender.omitted else { continue }
      remarks.append("\(contender.label) did not take part: \(reason).")
    }
    return remarks
  }

  /// Advice and evidence.
  public var headline: String { evidence.isEmpty ? advice : advice + " " + evidence }

  /// The whole verdict for a terminal, in lines of at most 100 characters. Control characters in names
  /// are replaced.
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

/// The findings for one workload.
public struct WorkloadVerdict: Sendable, Equatable {
  /// The findings about one metric.
  public struct MetricFindings: Sendable, Equatable {
    /// The metric.
    public let metric: Metric
    let findings: [Finding]

    /// The ranking with the most clients first, then the course over the number of clients; not empty.
    public var sentences: [String] {
      findings.flatMap(FindingSentences(metric: metric).sentences)
    }

    /// The sentences, joined.
    public var text: String { sentences.joined(separator: " ") }
  }

  /// Id of the workload.
  public let id: Workload.ID
  /// Title of the workload.
  public let title: String
  /// One entry for each metric that was measured.
  public let findings: [MetricFindings]
  /// What failed or was not compared, and why.
  public let remarks: [String]

  init(_ workload: Workload, _ measurements: Measurements) {
    id = workload.id
    title = workload.title
    findings = Metric.allCases.compactMap { metric in
      let findings = Finding.all(metric, workload, measurements)
      return findings.isEmpty ? nil : MetricFindings(metric: metric, findings: findings)
    }
    remarks = Exclusion.all(workload, measurements).map(\.sentence)
  }
}

// Everything that is made from results, in one place: for the command, and for programs that measure with
// ThrongLoad themselves. Values in, text and files out; any thread.

/// The report of a comparison.
///
/// ```swift
/// let report = Report(results)
/// print(report.terminalTable())
/// print(report.verdict.text)
/// try report.write(to: "throng-report")
/// ```
public struct Report {
  public let results: CompareResults
  /// What has changed since an earlier run.
  public let baseline: Baseline?

  public init(_ results: CompareResults, baseline: Baseline? = nil) {
    self.results = results
    self.baseline = baseline
  }

  public var verdict: Verdict { Verdict(results) }

  /// One self-contained file.
  public var html: String { Page(results, baseline: baseline).html }

  /// A table for each workload, a row for each cell that was measured so far.
  /// - Parameter width: characters of a line, 80 or more.
  public func terminalTable(width: Int = 100) -> String {
    TerminalTable(results: results, width: width).text
  }

  /// A file that stands alone, with its own ground, fit for a README.
  public struct ChartFile: Sendable, Equatable {
    /// `echo-64-cpu.svg`
    public let name: String
    public let svg: String
  }

  /// A chart for each figure of each workload that was measured.
  public var charts: [ChartFile] {
    let measurements = Measurements(results)
    return results.workloads.flatMap { workload in
      Metric.allCases.compactMap { metric in
        let chart = Chart(metric, workload, measurements)
        guard !chart.isEmpty else { return nil }
        let id = "\(MetricSection.slug(workload.id))-\(metric.rawValue)"
        let drawing = ChartDrawing(chart, layout: .wide, id: id, isStandalone: true)
        return ChartFile(name: id + ".svg", svg: drawing.svg)
      }
    }
  }

  /// Writes `results.json`, `results.csv`, `index.html` and `charts/*.svg`; the directory is made. Each
  /// file is replaced at once, and results.json first: whatever happens to the others, it can be read.
  public func write(to directory: String) throws {
    try AtomicFile.makeDirectory(directory + "/charts")
    try results.write(to: directory + "/results.json")
    try AtomicFile.write(results.csv, to: directory + "/results.csv")
    for chart in charts {
      try AtomicFile.write(chart.svg, to: "\(directory)/charts/\(chart.name)")
    }
    try AtomicFile.write(html, to: directory + "/index.html")
  }
}

// All output made from results, for the command and for programs that use ThrongLoad directly.
// Values in, text and files out; any thread.

/// The report of a comparison.
///
/// ```swift
/// let report = Report(results)
/// print(report.terminalTable())
/// print(report.verdict.text)
/// try report.write(to: "throng-report")
/// ```
public struct Report {
  /// The results.
  public let results: CompareResults
  /// Changes since an earlier run; nil without a baseline.
  public let baseline: Baseline?

  /// Creates a report on results, optionally compared with a baseline.
  public init(_ results: CompareResults, baseline: Baseline? = nil) {
    self.results = results
    self.baseline = baseline
  }

  /// Findings and recommendations.
  public var verdict: Verdict { Verdict(results) }

  /// The report as one self-contained HTML file.
  public var html: String { Page(results, baseline: baseline).html }

  /// A table for each workload, with a row for each measured cell.
  /// - Parameter width: characters of a line, at least 80.
  public func terminalTable(width: Int = 100) -> String {
    TerminalTable(results: results, width: width).text
  }

  /// A chart as a self-contained SVG file with its own background.
  public struct ChartFile: Sendable, Equatable {
    /// File name: `echo-64-cpu.svg`.
    public let name: String
    /// The content of the file.
    public let svg: String
  }

  /// A chart for each metric of each workload that was measured.
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

  /// Writes `results.json`, `results.csv`, `index.html` and `charts/*.svg` to a directory, which is
  /// created. Each file is replaced atomically, results.json first.
  /// - Throws: ``FileWriteError`` for the first file that cannot be written.
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

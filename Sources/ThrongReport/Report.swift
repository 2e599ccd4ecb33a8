// All output made from results, for the command and for programs that read results.json. Values in, text and
// files out; any thread.

/// The report of a comparison.
///
/// ```swift
/// let report = Report(try CompareResults(contentsOf: "results.json"))
/// print(report.text())
/// try report.write(to: "throng-report")
/// ```
public struct Report {
  /// The results.
  public let results: CompareResults
  package let baseline: Baseline?
  package let verdict: Verdict
  private let measurements: Measurements

  /// Creates a report on results.
  public init(_ results: CompareResults) { self.init(results, baseline: nil) }

  /// - Parameter baseline: changes since an earlier run; nil without one.
  package init(_ results: CompareResults, baseline: Baseline?) {
    self.results = results
    self.baseline = baseline
    measurements = Measurements(results)
    verdict = Verdict(measurements)
  }

  /// The report as one self-contained HTML file.
  public var html: String {
    Page(measurements: measurements, verdict: verdict, baseline: baseline).html
  }

  /// The verdict, a table for each workload with a row for each measured cell, and the findings.
  /// - Parameter width: characters of a line, at least 80.
  /// - Parameter isColored: whether to use the colours of a terminal.
  public func text(width: Int = 80, isColored: Bool = false) -> String {
    TerminalReport(
      measurements: measurements, verdict: verdict, baseline: baseline, width: max(80, width),
      isColored: isColored
    ).text
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
    results.workloads.flatMap { workload in
      Metric.all.compactMap { metric in
        let chart = Chart(metric, workload, measurements)
        guard !chart.isEmpty else { return nil }
        let id = MetricSection.id(metric, workload)
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

// Progress of a comparison on standard error: on a terminal a table that is updated and a bar with
// the remaining time, otherwise a line for each cell. Main thread.

import Glibc
import LinuxSystem
import ThrongCompare
import ThrongLoad
import ThrongReport

final class CompareProgress: CompareObserver {
  private let plan: ComparePlan
  private let isTerminal = isatty(STDERR_FILENO) == 1
  /// Number of lines that the next drawing replaces.
  private var drawn = 0
  private var results: CompareResults
  private var bar = ""

  init(_ plan: ComparePlan) {
    self.plan = plan
    results = plan.results
  }

  /// Prints the plan before the first cell.
  func begin(expected: Duration, isResumed: Bool) {
    let method = plan.results.method
    let verb = isResumed ? "continuing with " : ""
    say(
      """
      \(verb)\(plan.tasks.count) measurements in \(method.repeats) rounds, about \
      \(Self.text(expected)); servers on processor \(Self.list(method.serverProcessors)), load generator on \
      \(Self.list(method.generatorProcessors)), seed \(method.seed)
      """)
    for note in plan.results.notes { say("note: \(note)") }
  }

  func end() {
    bar = ""
    draw()
    drawn = 0
  }

  // MARK: CompareObserver

  func begins(_ task: CellTask, _ number: Int, of count: Int, _ timeLeft: Duration) {
    let filled = 20 * (number - 1) / count
    bar =
      "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled)
      + "] \(number) of \(count), about \(Self.text(timeLeft)) left: \(Self.name(task))"
    draw(task.workload)
  }

  func ended(_ task: CellTask, _ outcome: CellOutcome, _ results: CompareResults) {
    self.results = results
    switch outcome {
    case .measured(let sample):
      if !isTerminal {
        say("\(Self.name(task)), round \(task.round): \(Self.metrics(sample, task.workload))")
      }
    case .failed(let reason, _): say("\(Self.name(task)): failed: \(Self.clean(reason))")
    case .interrupted: break
    }
    draw(task.workload)
  }

  func noted(_ note: String) { say("note: \(Self.clean(note))") }

  func beginsCounting(_ task: CellTask, _ number: Int, of count: Int) {
    bar = "counting system calls, \(number) of \(count): \(Self.name(task))"
    if !isTerminal, number == 1 { say("counting system calls of \(count) cells") }
    draw(task.workload)
  }

  // MARK: Drawing

  /// Prints a line above the drawing.
  private func say(_ line: String) {
    guard isTerminal else { return StandardError.write(line) }
    StandardError.draw(erasure + line + "\n")
    drawn = 0
  }

  private func draw(_ workload: Workload? = nil) {
    guard isTerminal else { return }
    let size = Console.size(of: STDERR_FILENO)
    var lines = workload.map { table($0) } ?? []
    // A table larger than the terminal could not be erased.
    if lines.count + 3 > size.rows { lines = [] }
    if !bar.isEmpty { lines.append(bar) }
    let text = lines.map { $0.prefix(max(1, size.columns - 1)) + "\n" }.joined()
    StandardError.draw(erasure + text)
    drawn = lines.count
  }

  private var erasure: String { drawn > 0 ? "\r\u{1b}[\(drawn)A\u{1b}[J" : "" }

  /// Medians so far: a row for each contender, a column for each number of connections.
  private func table(_ workload: Workload) -> [String] {
    let columns = workload.connections.map { Self.right(Decimals.grouped($0), 10) }.joined()
    var lines = [
      Self.left(workload.title + ", connections:", 29) + columns, "\(workload.shortUnit)s/s",
    ]
    let contenders = results.contenders.filter { contender in
      results.cells.contains { $0.contender == contender.id && $0.workload == workload.id }
    }
    let rows = { (metric: (Sample) -> Double?, text: (Double) -> String) in
      contenders.map { contender in
        Self.left("  " + Self.clean(contender.label), 29)
          + workload.connections.map { count in
            self.field(workload, contender, count, metric, text)
          }.joined()
      }
    }
    lines += rows({ $0.messagesPerSecond }, { Decimals.grouped(Int($0.rounded())) })
    lines.append("server CPU, µs per message")
    lines += rows({ $0.cpuMicrosecondsPerMessage }, Decimals.format)
    return lines
  }

  private func field(
    _ workload: Workload, _ contender: Contender, _ connections: Int,
    _ metric: (Sample) -> Double?, _ text: (Double) -> String
  ) -> String {
    let key = CellKey(workload: workload.id, contender: contender.id, connections: connections)
    guard let cell = results[key] else { return Self.right(".", 10) }
    if cell.failure != nil { return Self.right("failed", 10) }
    let estimate = Estimate(cell.samples.compactMap(metric))
    return Self.right(estimate.map { text($0.median) } ?? ".", 10)
  }

  // MARK: Texts

  /// `3 min 20 s`.
  static func text(_ time: Duration) -> String {
    let seconds = Int((time / .seconds(1)).rounded(.up))
    if seconds < 60 { return "\(seconds) s" }
    return "\(seconds / 60) min" + (seconds % 60 > 0 ? " \(seconds % 60) s" : "")
  }

  private static func name(_ task: CellTask) -> String {
    let clients = Count.connections(task.connections)
    return "\(task.workload.title), \(clean(task.contender.label)), \(clients)"
      + (task.isAtEqualLoad ? " at equal load" : "")
  }

  private static func metrics(_ sample: Sample, _ workload: Workload) -> String {
    let rate = Decimals.grouped(Int(sample.messagesPerSecond.rounded()))
    var parts = ["\(rate) \(workload.shortUnit)s/s"]
    if let p99 = sample.p99 { parts.append("p99 \(DurationText.format(nanoseconds: Double(p99)))") }
    if let cpu = sample.cpuMicrosecondsPerMessage {
      parts.append("\(Decimals.format(cpu)) µs CPU/\(workload.shortUnit)")
    }
    return parts.joined(separator: ", ") + (sample.isSaturated ? " (generator saturated)" : "")
  }

  /// Replaces control characters of names and reasons, which could move the cursor.
  private static func clean(_ text: String) -> String {
    String(text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? " " : Character($0) })
  }

  private static func list(_ processors: [Int]) -> String {
    processors.map(String.init).joined(separator: ",")
  }

  private static func left(_ text: String, _ width: Int) -> String {
    let text = text.prefix(width - 1)
    return text + String(repeating: " ", count: width - text.count)
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(1, width - text.count)) + text
  }
}

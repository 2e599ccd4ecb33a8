// Progress of a comparison on standard error: a line for each measurement and, on a terminal, a bar with the
// remaining time below them. Main thread.

import Glibc
import LinuxSystem
import ThrongCompare
import ThrongLoad
import ThrongReport

final class CompareProgress: CompareObserver {
  private let plan: ComparePlan
  private let style = OutputStyle.standardError

  init(_ plan: ComparePlan) { self.plan = plan }

  /// Prints the plan before the first cell.
  func begin(expected: Duration, isResumed: Bool) {
    let method = plan.results.method
    let processors = [method.serverProcessors, method.generatorProcessors].map {
      $0.map(String.init).joined(separator: ",")
    }
    say(
      """
      \(isResumed ? "continuing with " : "")\(plan.tasks.count) measurements in \(method.repeats) rounds, \
      about \(Self.text(expected)); servers on processor \(processors[0]), load generator on \
      \(processors[1]), seed \(method.seed)
      """)
    for note in plan.results.notes { say("note: \(note)") }
  }

  func end() { show("") }

  // MARK: CompareObserver

  func begins(_ task: CellTask, _ number: Int, of count: Int, _ timeLeft: Duration) {
    let filled = 20 * (number - 1) / count
    let bar =
      String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled)
    show("[\(bar)] \(number) of \(count), about \(Self.text(timeLeft)) left: \(Self.name(task))")
  }

  func ended(_ task: CellTask, _ outcome: CellOutcome, _ results: CompareResults) {
    switch outcome {
    case .measured(let sample):
      say("\(Self.name(task)), round \(task.round): \(Self.metrics(sample, task.workload))")
    case .failed(let reason, _): say("\(Self.name(task)): failed: \(reason)")
    case .interrupted: break
    }
  }

  func noted(_ note: String) { say("note: \(note)") }

  func beginsCounting(_ task: CellTask, _ number: Int, of count: Int) {
    if !style.isTerminal, number == 1 { say("counting system calls of \(count) cells") }
    show("counting system calls, \(number) of \(count): \(Self.name(task))")
  }

  // MARK: Drawing

  /// Prints a line above the bar, which the next measurement draws again.
  private func say(_ line: String) { StandardError.draw(erasure + Self.clean(line) + "\n") }

  /// Replaces the bar. A line as wide as the terminal would wrap.
  private func show(_ bar: String) {
    guard style.isTerminal else { return }
    StandardError.draw(erasure + Self.clean(bar).prefix(style.width - 1))
  }

  private var erasure: String { style.isTerminal ? "\r\u{1b}[K" : "" }

  // MARK: Texts

  /// `3 min 20 s`.
  static func text(_ time: Duration) -> String {
    let seconds = Int((time / .seconds(1)).rounded(.up))
    if seconds < 60 { return "\(seconds) s" }
    return "\(seconds / 60) min" + (seconds % 60 > 0 ? " \(seconds % 60) s" : "")
  }

  private static func name(_ task: CellTask) -> String {
    "\(task.workload.title), \(task.contender.label), \(Count.connections(task.connections))"
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
}

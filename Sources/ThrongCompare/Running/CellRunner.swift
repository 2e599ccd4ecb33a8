// Measures one cell: `throng bench` in a process of its own, which starts the server in another. What
// goes wrong with either becomes a sentence.

import CEpollShim
import SystemPackage
import ThrongLoad
import ThrongReport

package enum CellOutcome: Sendable {
  case measured(Sample)
  /// - Parameter isFinal: another try would end in the same way: the server never served anybody.
  case failed(reason: String, serverNeverListened: Bool, isFinal: Bool)
  case interrupted
}

package struct CellRunner {
  let method: CellMethod
  let interruption: StopSignal
  /// This very command.
  private static let ownProgram = "/proc/self/exe"
  let program: String
  let adoptsOrphans: Bool

  /// - Parameter program: the command `throng`; nil: the one that runs, which then adopts what a
  ///   measurement leaves.
  package init(_ method: CellMethod, _ interruption: StopSignal, program: String? = nil) {
    self.method = method
    self.interruption = interruption
    self.program = program ?? Self.ownProgram
    adoptsOrphans = program == nil
    if adoptsOrphans { shim_adopt_descendants() }
  }

  package func measure(_ task: CellTask) -> CellOutcome {
    let ran = run(method.arguments(task), within: method.deadline(task))
    switch ran {
    case .failure(let error):
      return .failed(
        reason: "the generator could not be started: \(error)", serverNeverListened: false,
        isFinal: false)
    case .success(let outcome):
      if outcome.end == .interrupted { return .interrupted }
      return judged(outcome, task)
    }
  }

  /// Runs the generator, and ends whatever it leaves.
  func run(
    _ arguments: [String], within limit: Duration, waitingForRest: Duration = .zero
  ) -> Result<ChildProcess.Outcome, Errno> {
    let orphans = OrphanedProcesses(adoptsOrphans: adoptsOrphans)
    let child = ChildProcess(
      program: program, arguments: arguments + ["--quiet", "--json", "-"],
      processors: method.processors.generator, environmentTag: orphans.environmentTag)
    defer { orphans.end() }
    do {
      let outcome = try child.run(within: limit, interruption)
      if waitingForRest > .zero { orphans.waitForEnd(within: waitingForRest) }
      return .success(outcome)
    } catch {
      return .failure(error)
    }
  }

  // MARK: Judging

  private func judged(_ outcome: ChildProcess.Outcome, _ task: CellTask) -> CellOutcome {
    if outcome.end == .deadline {
      let limit = Decimals.format(method.deadline(task) / .seconds(1))
      return .failed(
        reason: "it hung: nothing was measured within \(limit) s", serverNeverListened: false,
        isFinal: true)
    }
    guard let result = try? LoadResult(json: outcome.output), let run = result.runs.first else {
      return .failed(
        reason: Self.sentence(outcome),
        serverNeverListened: outcome.errors.contains("server command"),
        isFinal: false)
    }
    if let fault = run.faults.first {
      return .failed(
        reason: Self.sentence(fault, run), serverNeverListened: false,
        isFinal: run.messages == 0)
    }
    guard run.messages > 0 else {
      // On a busy machine the server may not have had its turn.
      return .failed(
        reason: "no message was answered in the time measured (a longer --duration)",
        serverNeverListened: false, isFinal: false)
    }
    return .measured(
      Sample(round: task.round, run: run, verifies: result.configuration.verifies))
  }

  /// What the generator said before it gave up.
  private static func sentence(_ outcome: ChildProcess.Outcome) -> String {
    let lines = outcome.errors.split(separator: "\n")
    if let last = lines.last(where: { $0.hasPrefix("throng: ") }) {
      return String(last.dropFirst("throng: ".count))
    }
    let said = lines.last.map { ": \($0)" } ?? ""
    return switch outcome.end {
    case .signal(let number): "the generator was ended by signal \(number)\(said)"
    case .status(let status): "the generator ended with status \(status)\(said)"
    case .deadline, .interrupted: "the generator was stopped\(said)"
    }
  }

  private static func sentence(_ fault: FaultSummary, _ run: RunResult) -> String {
    let all = run.faults.reduce(0) { $0 + $1.count }
    return all > 1 ? "\(fault.first) (the first of \(Count.text(all)) faults)" : fault.first
  }
}

// Measures one cell: runs `throng bench` in a process of its own, which starts the server in
// another. Failures become sentences.
// Owned by the thread that runs the comparison.

import LinuxSystem
import SystemPackage
import ThrongLoad
import ThrongReport

package enum CellOutcome: Sendable {
  case measured(Sample)
  case failed(reason: String, serverNeverListened: Bool = false)
  case interrupted
}

package struct CellRunner {
  let method: CellMethod
  let interruption: StopRequest
  /// This program.
  private static let ownProgram = "/proc/self/exe"
  let program: String
  let adoptsOrphans: Bool

  /// - Parameter program: the command `throng`; nil: this program, which then adopts orphaned
  ///   processes.
  package init(_ method: CellMethod, _ interruption: StopRequest, program: String? = nil) {
    self.method = method
    self.interruption = interruption
    self.program = program ?? Self.ownProgram
    adoptsOrphans = program == nil
    if adoptsOrphans { ThisProcess.adoptDescendants() }
  }

  /// - Parameter rate: messages per second; nil for as many as the server answers.
  package func measure(_ task: CellTask, rate: Double? = nil) -> CellOutcome {
    switch run(method.arguments(task, rate: rate), within: method.deadline(task)) {
    case .failure(let error): .failed(reason: "cannot start the load generator: \(error)")
    case .success(let outcome) where outcome.end == .interrupted: .interrupted
    case .success(let outcome): cellOutcome(outcome, task)
    }
  }

  /// Runs the generator, then ends all processes that it leaves.
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

  // MARK: Outcome

  private func cellOutcome(_ outcome: ChildProcess.Outcome, _ task: CellTask) -> CellOutcome {
    if outcome.end == .deadline {
      let limit = Decimals.format(method.deadline(task) / .seconds(1))
      return .failed(reason: "hung: no result within \(limit) s")
    }
    guard let result = try? LoadResult(json: outcome.output), let run = result.runs.first else {
      return .failed(
        reason: Self.sentence(outcome),
        serverNeverListened: outcome.errors.contains("server command"))
    }
    if let fault = run.faults.first { return .failed(reason: Self.sentence(fault, run)) }
    guard run.messages > 0 else {
      return .failed(
        reason: "no message answered within the measured time (use a longer duration)")
    }
    return .measured(
      Sample(round: task.round, run: run, verifies: result.configuration.verifies))
  }

  /// The last error message of the generator, which also warns that it does not verify certificates.
  private static func sentence(_ outcome: ChildProcess.Outcome) -> String {
    let lines = outcome.errors.split(separator: "\n")
    if let last = lines.last(where: {
      $0.hasPrefix("throng: ") && !$0.hasPrefix("throng: warning: ")
    }) {
      return String(last.dropFirst("throng: ".count))
    }
    let said = lines.last.map { ": \($0)" } ?? ""
    return switch outcome.end {
    case .signal(let number): "load generator killed by signal \(number)\(said)"
    case .status(let status): "load generator exited with status \(status)\(said)"
    case .deadline, .interrupted: "load generator stopped\(said)"
    }
  }

  private static func sentence(_ fault: FaultSummary, _ run: RunResult) -> String {
    let all = run.faults.reduce(0) { $0 + $1.count }
    return all > 1 ? "\(fault.first) (first of \(Decimals.grouped(all)) faults)" : fault.first
  }
}

extension Sample {
  /// Creates a sample from a run of the load generator.
  /// - Parameter verifies: whether the generator verified received bytes.
  init(round: Int, run: RunResult, verifies: Bool) {
    // In a fan-out every delivery counts and is verified.
    let count = run.fanOut?.deliveries ?? run.messages
    self.init(
      round: round, seconds: run.seconds, messages: count,
      messagesPerSecond: run.fanOut?.deliveriesPerSecond ?? run.messagesPerSecond)
    verifiedMessages = verifies ? count : 0
    (p50, p99, p999, max) = (
      run.latency?.p50, run.latency?.p99, run.latency?.p999, run.latency?.max
    )
    fairness = run.connections.fairness
    security = run.connections.security
    generatorUtilization = run.generator.utilization
    isSaturated = generatorUtilization > Self.saturation
    guard let server = run.server else { return }
    if count > 0 {
      userMicrosecondsPerMessage = server.userSeconds * 1e6 / Double(count)
      systemMicrosecondsPerMessage = server.systemSeconds * 1e6 / Double(count)
    }
    peakResidentBytes = server.peakResidentBytes
    residentBytesPerConnection = server.residentBytesPerConnection
    threads = server.threads
    let fanOut = run.fanOut
    voluntarySwitchesPerMessage =
      fanOut == nil ? server.voluntarySwitchesPerMessage : fanOut?.voluntarySwitchesPerDelivery
    involuntarySwitchesPerMessage =
      fanOut == nil ? server.involuntarySwitchesPerMessage : fanOut?.involuntarySwitchesPerDelivery
  }
}

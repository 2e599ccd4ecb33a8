// Runs a comparison: measures the cells that are not measured yet, saves after every cell, skips
// contenders that never listen, and stops on request.
// Owned by the calling thread.

import FoundationEssentials
import ThrongLoad
import ThrongReport

package final class Comparison {
  package private(set) var results: CompareResults
  private let plan: ComparePlan
  private let runner: CellRunner
  private let interruption: StopRequest
  /// File of the results; nil: not saved.
  private let file: String?
  private let observer: (any CompareObserver)?
  /// Contenders that never listened, with the reason; their other cells are skipped.
  private var skippedContenders: [Contender.ID: String] = [:]
  /// Failed cells of the resumed comparison that were not measured again yet.
  private var retried: Set<CellKey>
  private var spent = Duration.zero
  private var expected = Duration.zero

  /// - Parameter earlier: results of an interrupted comparison with the same plan. Measured cells
  ///   are kept; failed cells are measured again.
  package init(
    _ plan: ComparePlan, resuming earlier: CompareResults? = nil, file: String?,
    program: String? = nil, interruption: StopRequest, observer: (any CompareObserver)? = nil
  ) {
    self.plan = plan
    self.file = file
    self.observer = observer
    self.interruption = interruption
    runner = CellRunner(plan.method, interruption, program: program)
    results = earlier ?? plan.results
    retried = Set(results.cells.filter { $0.failure != nil }.map(\.key))
    results.wasInterrupted = false
    results.ended = nil
  }

  /// Runs the comparison.
  /// - Returns: the results; `wasInterrupted` after a stop request.
  /// - Throws: `FileWriteError` when the results cannot be saved.
  package func run() throws -> CompareResults {
    try save()
    let backgroundLoad = BackgroundLoad()
    if try !measureAll() || !countSystemCalls() { results.wasInterrupted = true }
    if let text = backgroundLoad.note { note(text) }
    results.ended = Date()
    try save()
    return results
  }

  // MARK: Measuring

  /// - Returns: false after a stop request.
  private func measureAll() throws -> Bool {
    let clock = ContinuousClock()
    for (index, task) in plan.tasks.enumerated() where !isDone(task) {
      if interruption.isRequested { return false }
      observer?.begins(task, index + 1, of: plan.tasks.count, timeLeft(from: index))
      let start = clock.now
      let outcome = skippedContenders[task.contender.id].map(Self.skippedOutcome) ?? measure(task)
      if case .interrupted = outcome { return false }
      spent += clock.now - start
      expected += plan.method.expectedTime(task)
      store(outcome, task)
      try save()
      observer?.ended(task, outcome, results)
    }
    return true
  }

  /// Measures a cell, and again after a failure, because the machine may have been busy.
  private func measure(_ task: CellTask) -> CellOutcome {
    let first = attempt(task)
    guard case .failed(let reason, _, false) = first else { return first }
    let second = attempt(task)
    if case .measured = second {
      note(
        """
        \(task.contender.label) at \(Count.connections(task.connections)) \
        (\(task.workload.title), round \(task.round)) failed once and was measured again: \(reason).
        """)
    }
    return second
  }

  /// A failure during a stop request may be caused by it: Ctrl-C on a terminal also reaches the
  /// server.
  private func attempt(_ task: CellTask) -> CellOutcome {
    let outcome = runner.measure(task)
    if case .failed = outcome, interruption.isRequested { return .interrupted }
    return outcome
  }

  private static func skippedOutcome(_ reason: String) -> CellOutcome {
    .failed(reason: reason, serverNeverListened: true, isFinal: true)
  }

  private func store(_ outcome: CellOutcome, _ task: CellTask) {
    retried.remove(task.key)
    results.withCell(task.key, command: plan.method.command(task)) { cell in
      switch outcome {
      case .measured(let sample):
        cell.samples.append(sample)
        cell.failure = nil
      case .failed(let reason, _, _): cell.failure = reason
      case .interrupted: break
      }
    }
    if case .failed(let reason, serverNeverListened: true, _) = outcome, !hasServed(task.contender)
    {
      skippedContenders[task.contender.id] = reason
    }
  }

  private func hasServed(_ contender: Contender) -> Bool {
    results.cells.contains { $0.contender == contender.id && !$0.samples.isEmpty }
  }

  /// A failed cell is not measured in later rounds of the same comparison.
  private func isDone(_ task: CellTask) -> Bool {
    guard let cell = results[task.key] else { return false }
    let hasFailed = cell.failure != nil && !retried.contains(task.key)
    return hasFailed || cell.samples.contains { $0.round == task.round }
  }

  // MARK: System calls

  /// - Returns: false after a stop request.
  private func countSystemCalls() throws -> Bool {
    let counter = SystemCallCounter(runner)
    let tasks = plan.countingTasks.filter { task in
      guard let cell = results[task.key] else { return false }
      return cell.failure == nil && cell.systemCallsPerMessage == nil
    }
    guard !tasks.isEmpty else { return true }
    if let problem = counter.problem() {
      if interruption.isRequested { return false }
      note("System calls were not counted: \(problem).")
      return true
    }
    for (index, task) in tasks.enumerated() {
      observer?.beginsCounting(task, index + 1, of: tasks.count)
      let calls = counter.count(task)
      if interruption.isRequested { return false }
      results.withCell(task.key, command: plan.method.command(task)) {
        $0.systemCallsPerMessage = calls
      }
      try save()
    }
    return true
  }

  // MARK: Saving

  private func save() throws {
    if let file { try results.write(to: file) }
  }

  private func note(_ text: String) {
    guard !results.notes.contains(text) else { return }
    results.notes.append(text)
    observer?.noted(text)
  }

  /// Expected time of the remaining cells, scaled by the actual time of the first ones.
  private func timeLeft(from index: Int) -> Duration {
    let rest = plan.tasks[index...].filter {
      !isDone($0) && skippedContenders[$0.contender.id] == nil
    }
    let time = rest.reduce(.zero) { $0 + plan.method.expectedTime($1) }
    let scale = expected > .zero ? spent / expected : 1
    return time * scale + ComparePlan.countingTime * plan.countingTasks.count
  }
}

// A comparison from its first cell to its last: measures what is not measured yet, saves after every
// cell, gives up who does not serve, and stops when it is asked. Belongs to the calling thread.

import FoundationEssentials
import ThrongReport

package final class Comparison {
  package private(set) var results: CompareResults
  private let plan: ComparePlan
  private let runner: CellRunner
  private let interruption: StopSignal
  /// Where the results are kept; nil: nowhere.
  private let file: String?
  private let observer: (any CompareObserver)?
  /// Contenders that never listened, and why: their other cells are not tried.
  private var skippedContenders: [Contender.ID: String] = [:]
  /// Cells that failed in the run that goes on here, and were not tried again yet.
  private var retried: Set<CellKey>
  private var spent = Duration.zero
  private var expected = Duration.zero

  /// - Parameter earlier: the results of an interrupted run of the same plan, which goes on: what is
  ///   measured is not measured again, what failed is.
  package init(
    _ plan: ComparePlan, resuming earlier: CompareResults? = nil, file: String?,
    program: String? = nil, interruption: StopSignal, observer: (any CompareObserver)? = nil
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

  /// - Returns: the results, which `wasInterrupted` when somebody has asked to stop.
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

  /// - Returns: false when somebody has asked to stop.
  private func measureAll() throws -> Bool {
    let clock = ContinuousClock()
    for (index, task) in plan.tasks.enumerated() where !isDone(task) {
      if interruption.isAsked { return false }
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

  /// A failure is tried once more: a machine may have been busy for a moment.
  private func measure(_ task: CellTask) -> CellOutcome {
    let first = attempt(task)
    guard case .failed(let reason, _, false) = first else { return first }
    let second = attempt(task)
    if case .measured = second {
      note(
        """
        \(task.contender.label) at \(Count.connections(task.connections)) \
        (\(task.workload.title), round \(task.round)) failed and was measured again: \(reason).
        """)
    }
    return second
  }

  /// What fails while somebody asks to stop may have failed for that: a terminal's Ctrl-C reaches the
  /// server too.
  private func attempt(_ task: CellTask) -> CellOutcome {
    let outcome = runner.measure(task)
    if case .failed = outcome, interruption.isAsked { return .interrupted }
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

  /// A cell that has failed is not measured in later rounds of the same run.
  private func isDone(_ task: CellTask) -> Bool {
    guard let cell = results[task.key] else { return false }
    let hasFailed = cell.failure != nil && !retried.contains(task.key)
    return hasFailed || cell.samples.contains { $0.round == task.round }
  }

  // MARK: System calls

  /// - Returns: false when somebody has asked to stop.
  private func countSystemCalls() throws -> Bool {
    let counter = SystemCallCounter(runner)
    let tasks = plan.countingTasks.filter { task in
      guard let cell = results[task.key] else { return false }
      return cell.failure == nil && cell.systemCallsPerMessage == nil
    }
    guard !tasks.isEmpty else { return true }
    if let problem = counter.problem() {
      if interruption.isAsked { return false }
      note("System calls were not counted: \(problem).")
      return true
    }
    for (index, task) in tasks.enumerated() {
      observer?.beginsCounting(task, index + 1, of: tasks.count)
      let calls = counter.count(task)
      if interruption.isAsked { return false }
      results.withCell(task.key, command: plan.method.command(task)) {
        $0.systemCallsPerMessage = calls
      }
      try save()
    }
    return true
  }

  // MARK: Keeping

  private func save() throws {
    if let file { try results.write(to: file) }
  }

  private func note(_ text: String) {
    guard !results.notes.contains(text) else { return }
    results.notes.append(text)
    observer?.noted(text)
  }

  /// What was expected of the rest, scaled by what the first cells really took.
  private func timeLeft(from index: Int) -> Duration {
    let rest = plan.tasks[index...].filter {
      !isDone($0) && skippedContenders[$0.contender.id] == nil
    }
    let time = rest.reduce(.zero) { $0 + plan.method.expectedTime($1) }
    let scale = expected > .zero ? spent / expected : 1
    return time * scale + ComparePlan.countingTime * plan.countingTasks.count
  }
}

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
    let meter = BackgroundLoadMeter(plan.method.processors.all)
    if try !measureAll() || !countSystemCalls() { results.wasInterrupted = true }
    if spent > .zero { add(meter.load) }
    results.ended = Date()
    try save()
    return results
  }

  /// Of a resumed comparison the larger load counts.
  private func add(_ load: BackgroundLoad?) {
    guard let load else { return }
    let earlier = results.backgroundLoad ?? load
    results.backgroundLoad = BackgroundLoad(
      otherProcesses: max(earlier.otherProcesses, load.otherProcesses),
      hypervisor: max(earlier.hypervisor, load.hypervisor))
    if let text = results.backgroundLoad?.note { note(text) }
  }

  // MARK: Measuring

  /// - Returns: false after a stop request.
  private func measureAll() throws -> Bool {
    let clock = ContinuousClock()
    for (index, task) in plan.tasks.enumerated() where !isDone(task) {
      if interruption.isRequested { return false }
      if task.isAtEqualLoad, results[task.key]?.samples.isEmpty ?? true { continue }
      observer?.begins(task, index + 1, of: plan.tasks.count, timeLeft(from: index))
      let start = clock.now
      let outcome =
        skippedContenders[task.contender.id].map {
          CellOutcome.failed(reason: $0, serverNeverListened: true)
        } ?? measure(task)
      if case .interrupted = outcome { return false }
      spent += clock.now - start
      expected += plan.method.expectedTime(task)
      store(outcome, task)
      try save()
      observer?.ended(task, outcome, results)
    }
    return true
  }

  /// Measures a cell, and once again after a failure, because the machine may have been busy. Both
  /// failures are reported.
  private func measure(_ task: CellTask) -> CellOutcome {
    let first = attempt(task)
    guard case .failed(let reason, _) = first else { return first }
    switch attempt(task) {
    case .failed(let again, let serverNeverListened):
      return .failed(
        reason: again == reason ? "\(reason) (twice)" : "\(reason); measured again: \(again)",
        serverNeverListened: serverNeverListened)
    case .measured(let sample):
      note(
        """
        \(task.contender.label) at \(Count.connections(task.connections)) \
        (\(task.workload.title), round \(task.round)) failed once and was measured again: \(reason).
        """)
      return .measured(sample)
    case .interrupted: return .interrupted
    }
  }

  /// A failure during a stop request may be caused by it: Ctrl-C on a terminal also reaches the
  /// server.
  private func attempt(_ task: CellTask) -> CellOutcome {
    let rate = task.isAtEqualLoad ? EqualLoadRate.of(task, results) : nil
    let outcome = runner.measure(task, rate: rate)
    if case .failed = outcome, interruption.isRequested { return .interrupted }
    return outcome
  }

  private func store(_ outcome: CellOutcome, _ task: CellTask) {
    if task.isAtEqualLoad { return storeEqualLoad(outcome, task) }
    retried.remove(task.key)
    results.withCell(task.key, command: plan.method.command(task)) { cell in
      switch outcome {
      case .measured(let sample):
        cell.samples.append(sample)
        cell.failure = nil
      case .failed(let reason, _): cell.failure = reason
      case .interrupted: break
      }
    }
    if case .failed(let reason, serverNeverListened: true) = outcome, !hasServed(task.contender) {
      skippedContenders[task.contender.id] = reason
    }
  }

  /// A failure is a remark: the cell itself has been measured.
  private func storeEqualLoad(_ outcome: CellOutcome, _ task: CellTask) {
    switch outcome {
    case .measured(let sample):
      guard let rate = EqualLoadRate.of(task, results) else { return }
      results.withCell(task.key, command: plan.method.command(task)) { cell in
        if cell.equalLoad == nil { cell.equalLoad = EqualLoad(messagesPerSecond: rate) }
        cell.equalLoad?.samples.append(sample)
      }
    case .failed(let reason, _):
      note("\(task.contender.label) at equal load (\(task.workload.title)): failed: \(reason).")
    case .interrupted: break
    }
  }

  private func hasServed(_ contender: Contender) -> Bool {
    results.cells.contains { $0.contender == contender.id && !$0.samples.isEmpty }
  }

  /// A failed cell is not measured in later rounds of the same comparison.
  private func isDone(_ task: CellTask) -> Bool {
    guard let cell = results[task.key] else { return false }
    if cell.failure != nil, !retried.contains(task.key) { return true }
    let samples = task.isAtEqualLoad ? cell.equalLoad?.samples ?? [] : cell.samples
    return samples.contains { $0.round == task.round }
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

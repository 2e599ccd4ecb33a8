// A comparison as the command makes it: the plan, what interrupts it, what it prints and writes.

import CEpollShim
import Glibc
import SystemPackage
import ThrongCompare
import ThrongLoad
import ThrongReport

struct CompareRun {
  let options: CompareOptions
  let flags: MethodFlags
  let results: ResultFlags

  private var file: String { results.output + "/results.json" }

  /// - Returns: the exit status.
  func run() throws -> Int32 {
    do {
      return try chosen()
    } catch let error as CompareError {
      throw Failure("\(error)")
    } catch let error as ResultsFileError {
      throw Failure("\(error)")
    } catch let error as FileWriteError {
      throw Failure("\(error) (choose another --output)")
    }
  }

  private func chosen() throws -> Int32 {
    if results.list { return list(try plan(seed: options.seed)) }
    if let id = results.cell { return try measureOne(id, try plan(seed: options.seed)) }
    // It is read before anything is measured: a wrong file must not cost the whole time.
    let baseline = try results.baseline.map { try CompareResults(contentsOf: $0) }
    let earlier = results.resume ? try CompareResults(contentsOf: file) : nil
    let plan = try plan(seed: flags.seed ?? earlier?.method.seed ?? options.seed)
    if let earlier { try plan.checkResuming(earlier, name: file) }
    let measured = try measure(plan, earlier)
    return try conclude(measured, baseline)
  }

  /// - Parameter seed: the order follows from it.
  private func plan(seed: UInt64) throws -> ComparePlan {
    var options = options
    options.seed = seed
    let make = { (options: CompareOptions) throws(CompareError) in
      try ComparePlan(
        options, command: Self.commandLine, version: RootCommand.configuration.version)
    }
    let plan = try make(options)
    guard flags.quick, flags.duration == nil, plan.expectedTime > CompareOptions.quickBudget else {
      return plan
    }
    let excess = plan.expectedTime - CompareOptions.quickBudget
    let shorter = options.duration - excess / plan.tasks.count
    options.duration = max(CompareOptions.shortestQuickDuration, shorter.wholeMilliseconds)
    return try make(options)
  }

  // MARK: Measuring

  private func measure(_ plan: ComparePlan, _ earlier: CompareResults?) throws -> CompareResults {
    try AtomicFile.makeDirectory(results.output)
    let interruption: StopSignal
    do {
      interruption = try StopSignal(watchingSignals: true)
    } catch {
      throw Failure("cannot begin: \(error) (raise the limit with ulimit -n)")
    }
    if earlier == nil, let kept = try EarlierResults.keep(file) {
      StandardError.write("the earlier results are kept as \(kept)")
    }
    let progress = CompareProgress(plan)
    progress.begin(expected: plan.expectedTime, isResumed: earlier != nil)
    let comparison = Comparison(
      plan, resuming: earlier, file: file, interruption: interruption, observer: progress)
    defer { progress.end() }
    return try comparison.run()
  }

  /// What is printed at the end, and the files.
  private func conclude(_ measured: CompareResults, _ baseline: CompareResults?) throws -> Int32 {
    let changes = baseline.map {
      Baseline($0, now: measured, tolerance: results.tolerance ?? 0.05)
    }
    let report = Report(measured, baseline: changes)
    try report.write(to: results.output)
    print(report.terminalTable(width: CompareProgress.outputWidth))
    print(report.verdict.text)
    if let changes { print("\n" + changes.text(), terminator: "") }
    var status: Int32 = measured.cells.contains { !$0.samples.isEmpty } ? 0 : 1
    if let changes {
      if changes.comparedCells == 0 { status = 1 }
      if !changes.regressions.isEmpty { status = 2 }
    }
    print("\nwritten: \(results.output)/index.html, results.json, results.csv")
    guard measured.wasInterrupted else { return status }
    StandardError.write("throng: interrupted; what is done is in the report (go on with --resume)")
    return 130
  }

  // MARK: Without measuring all

  private func list(_ plan: ComparePlan) -> Int32 {
    var seen: Set<String> = []
    for task in plan.tasks where seen.insert(task.id).inserted {
      print("\(task.id)\n  \(plan.method.command(task))")
    }
    for note in plan.results.notes { print("note: \(note)") }
    let time = CompareProgress.text(plan.expectedTime)
    print("\(seen.count) cells, \(plan.results.method.repeats) rounds: about \(time)")
    return 0
  }

  /// Becomes the generator: its status is ours.
  private func measureOne(_ id: String, _ plan: ComparePlan) throws -> Int32 {
    guard let task = plan.task(id: id) else {
      throw Failure("there is no cell '\(id)' (--list names them all)")
    }
    let command = plan.method.command(task)
    StandardError.write(command)
    _ = Processors.restrict(to: plan.results.method.generatorProcessors)
    var words: [UnsafeMutablePointer<CChar>?] =
      ([options.throng] + plan.method.arguments(task)).map { strdup($0) }
    words.append(nil)
    execv("/proc/self/exe", words)
    throw Failure(
      "cannot start the generator: \(Errno(rawValue: errno)) (run it yourself: \(command))")
  }

  // MARK: Who we are

  /// What starts this command from the directory that we are in.
  static let ownCommand: String = {
    let given = CommandLine.arguments.first ?? "throng"
    if access(given, X_OK) == 0 || !given.contains("/") { return given }
    return "/proc/self/exe"
  }()

  private static var commandLine: String {
    Shell.line([ownCommand] + CommandLine.arguments.dropFirst())
  }
}

extension Duration {
  fileprivate var wholeMilliseconds: Duration {
    .milliseconds(Int((self / .milliseconds(1)).rounded(.down)))
  }
}

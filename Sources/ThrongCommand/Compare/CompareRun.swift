// Runs `throng compare`: plan, interruption, output and files. Main thread.

import Glibc
import LinuxSystem
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
      throw Failure(error.sentence)
    } catch let error as ResultsFileError {
      throw Failure("\(error)")
    } catch let error as FileWriteError {
      throw Failure("\(error) (choose another --output)")
    }
  }

  private func chosen() throws -> Int32 {
    if results.list { return list(try plan(seed: options.seed)) }
    if let id = results.cell { return try measureOne(id, try plan(seed: options.seed)) }
    // Read before measuring, so that a wrong file is reported at once.
    let baseline = try results.baseline.map { try CompareResults(contentsOf: $0) }
    let earlier = results.resume ? try CompareResults(contentsOf: file) : nil
    let plan = try plan(seed: flags.seed ?? earlier?.method.seed ?? options.seed)
    if let earlier { try plan.checkResuming(earlier, name: file) }
    let measured = try measure(plan, earlier)
    return try conclude(measured, baseline)
  }

  /// - Parameter seed: of the order of the cells.
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
    let interruption: StopRequest
    do {
      interruption = try StopRequest(watchingSignals: true)
    } catch {
      throw Failure("cannot start the comparison: \(error) (raise the limit with ulimit -n)")
    }
    if earlier == nil, let kept = try EarlierResults.keep(file) {
      StandardError.write("earlier results renamed to \(kept)")
    }
    let progress = CompareProgress(plan)
    progress.begin(expected: plan.expectedTime, isResumed: earlier != nil)
    let comparison = Comparison(
      plan, resuming: earlier, file: file, interruption: interruption, observer: progress)
    defer { progress.end() }
    return try comparison.run()
  }

  /// Prints the results and writes the files.
  private func conclude(_ measured: CompareResults, _ baseline: CompareResults?) throws -> Int32 {
    let changes = baseline.map {
      Baseline($0, now: measured, tolerance: results.tolerance ?? 0.05)
    }
    let report = Report(measured, baseline: changes)
    try report.write(to: results.output)
    let style = OutputStyle.standardOutput
    print(report.text(width: style.width, isColored: style.hasColours))
    print("report: \(results.output)/index.html, results.json, results.csv")
    if measured.wasInterrupted {
      StandardError.write(
        "throng: interrupted; the report has the results so far (continue with --resume)")
      return 130
    }
    if changes?.hasRegressions == true { return 2 }
    if measured.cells.allSatisfy(\.samples.isEmpty) || changes?.comparedCells == 0 { return 1 }
    return report.verdict.isInconclusive ? 3 : 0
  }

  // MARK: --list and --cell

  private func list(_ plan: ComparePlan) -> Int32 {
    var seen: Set<String> = []
    for task in plan.tasks where seen.insert(task.id).inserted {
      print("\(task.id)\n  \(plan.method.command(task))")
    }
    for note in plan.results.notes { print("note: \(note)") }
    if options.certificate?.isTemporary == true {
      print(
        "note: certificate.pem and key.pem stand for a temporary certificate, which --cell makes.")
    }
    let time = CompareProgress.text(plan.expectedTime)
    print("\(seen.count) cells, \(plan.results.method.repeats) rounds: about \(time)")
    return 0
  }

  /// Replaces this process by the generator.
  private func measureOne(_ id: String, _ plan: ComparePlan) throws -> Int32 {
    guard let task = plan.task(id: id) else {
      throw Failure("unknown cell '\(id)' (see --list)")
    }
    let command = plan.method.command(task)
    StandardError.write(command)
    _ = Processors.restrict(to: plan.results.method.generatorProcessors)
    var words: [UnsafeMutablePointer<CChar>?] =
      ([options.throng] + plan.method.arguments(task)).map { strdup($0) }
    words.append(nil)
    execv("/proc/self/exe", words)
    throw Failure(
      "cannot start the load generator: \(Errno(rawValue: errno)) (run it directly: \(command))")
  }

  // MARK: This command

  /// Command that starts this program from the current directory.
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

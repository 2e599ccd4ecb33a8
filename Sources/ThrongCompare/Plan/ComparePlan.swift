// The measurements of a comparison, their order and expected time. Computed before the first server
// starts; the same options give the same plan. A value; any thread.

import FoundationEssentials
import LinuxSystem
import ThrongLoad
import ThrongReport

package struct ComparePlan: Sendable {
  /// Results without samples.
  package let results: CompareResults
  package let method: CellMethod
  /// Measurements in their order; those at equal load follow all others.
  package let tasks: [CellTask]
  /// One cell of each contender and workload, for counting system calls.
  package let countingTasks: [CellTask]

  /// Makes a plan.
  /// - Parameter command: the command line, for the report.
  /// - Parameter version: version of the command.
  /// - Throws: ``CompareError`` when nothing can be measured.
  package init(
    _ options: CompareOptions, command: String, version: String,
    limits: SystemLimits = .current
  ) throws(CompareError) {
    let processors = try ProcessorPlan(options)
    let contenders = try options.contenders(threads: processors.threads)
    let workloads = options.workloads()
    var notes = processors.notes + options.cuts(of: workloads)
    var first: [CellTask] = []
    for workload in workloads {
      for contender in contenders {
        guard let reason = contender.reasonToOmit(workload) else { continue }
        notes.append(
          "\(contender.label) does not take part in “\(workload.title)”, \(reason).")
      }
      for connections in workload.connections {
        for contender in contenders where contender.takesPart(in: workload) {
          first.append(
            CellTask(workload: workload, contender: contender, connections: connections))
        }
      }
    }
    let cut = Self.cut(&first, limits)
    notes += cut
    guard !first.isEmpty else {
      throw .nothingToMeasure(notes.last)
    }
    method = CellMethod(options, processors)
    tasks = Self.shuffled(first, options) + Self.shuffled(Self.equalLoad(first), options)
    countingTasks = options.countsSystemCalls ? Self.counting(first) : []
    results = CompareResults(
      command: command, started: Date(), machine: Machine.current(limits: limits),
      versions: [Version("throng", version)] + contenders.compactMap(\.version),
      method: Method(
        seconds: options.duration / .seconds(1), warmupSeconds: options.warmup / .seconds(1),
        repeats: options.repeats, serverProcessors: processors.server,
        generatorProcessors: processors.generator, seed: options.seed),
      contenders: contenders, workloads: Self.measured(workloads, first), notes: notes)
  }

  /// Expected time of the comparison.
  package var expectedTime: Duration {
    tasks.reduce(.zero) { $0 + method.expectedTime($1) } + Self.countingTime * countingTasks.count
  }

  static let countingTime = Duration.milliseconds(1_400)

  package func task(id: String) -> CellTask? { tasks.first { $0.id == id } }

  /// Removes cells that exceed the machine's limits.
  /// - Returns: remarks about them.
  private static func cut(_ tasks: inout [CellTask], _ limits: SystemLimits) -> [String] {
    var notes: [String] = []
    tasks.removeAll { task in
      let isThreaded = task.contender.id == ModelChoice.threadPerClient.rawValue
      guard
        let problem = limits.problem(connections: task.allConnections, threaded: isThreaded)
      else { return false }
      let contender =
        isThreaded && limits.problem(connections: task.allConnections, threaded: false) == nil
        ? "\(task.contender.label) at " : ""
      let verb = contender.isEmpty ? "are" : "is"
      let note =
        "\(contender)\(Count.connections(task.allConnections)) \(verb) omitted: \(problem)."
      if !notes.contains(note) { notes.append(note) }
      return true
    }
    return notes
  }

  /// The workloads, restricted to numbers of connections with at least one cell.
  private static func measured(_ workloads: [Workload], _ tasks: [CellTask]) -> [Workload] {
    workloads.compactMap { workload in
      let used = Set(tasks.filter { $0.workload.id == workload.id }.map(\.connections))
      guard !used.isEmpty else { return nil }
      var workload = workload
      workload.connections = used.sorted()
      return workload
    }
  }

  /// Each round has every cell once in its own order, so that drift of the machine affects all
  /// equally.
  private static func shuffled(_ cells: [CellTask], _ options: CompareOptions) -> [CellTask] {
    var random = SplitMix64(seed: options.seed)
    return (1...options.repeats).flatMap { round in
      cells.shuffled(using: &random).map { task in
        var task = task
        task.round = round
        return task
      }
    }
  }

  /// The cells of each workload with the most clients, if there is something to compare.
  private static func equalLoad(_ cells: [CellTask]) -> [CellTask] {
    let most = cells.reduce(into: [Workload.ID: Int]()) {
      $0[$1.workload.id] = max($0[$1.workload.id] ?? 0, $1.connections)
    }
    let chosen = cells.filter {
      $0.workload.hasEqualLoad && $0.connections == most[$0.workload.id]
    }.map { task in
      var task = task
      task.isAtEqualLoad = true
      return task
    }
    return Set(chosen.map(\.contender.id)).count > 1 ? chosen : []
  }

  /// A tracer slows thousands of clients, and the calls per message hardly depend on their number.
  private static func counting(_ cells: [CellTask]) -> [CellTask] {
    var chosen: [String: CellTask] = [:]
    for task in cells where task.workload.kind != .fanOut {
      let name = task.workload.id + "/" + task.contender.id
      if let other = chosen[name], task.connections > 100 || task.connections < other.connections {
        continue
      }
      chosen[name] = task
    }
    return cells.filter { chosen[$0.workload.id + "/" + $0.contender.id] == $0 }
  }
}

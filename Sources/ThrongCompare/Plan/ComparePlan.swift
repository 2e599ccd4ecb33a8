// All that will be measured, in which order, and how long it takes: decided before the first server
// starts, and the same again for the same options.

import FoundationEssentials
import ThrongLoad
import ThrongReport

package struct ComparePlan: Sendable {
  /// Without samples yet.
  package let results: CompareResults
  package let method: CellMethod
  /// In the order of measuring.
  package let tasks: [CellTask]
  /// One of each contender and workload, in which system calls are counted.
  package let countingTasks: [CellTask]

  /// - Parameter command: the command line that was given.
  /// - Parameter version: the command's.
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
      for contender in contenders where !contender.takesPart(in: workload) {
        notes.append(
          "\(contender.label) takes no part in “\(workload.title)”, which needs Throng's own handlers."
        )
      }
      for connections in workload.connections {
        for contender in contenders where contender.takesPart(in: workload) {
          first.append(
            CellTask(workload: workload, contender: contender, connections: connections, round: 1))
        }
      }
    }
    let cut = Self.cut(&first, limits)
    notes += cut
    guard !first.isEmpty else {
      throw CompareError("nothing is left to measure: " + (notes.last ?? "no workload fits"))
    }
    method = CellMethod(options, processors)
    tasks = Self.shuffled(first, repeats: options.repeats, seed: options.seed)
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

  /// How long all of it will take.
  package var expectedTime: Duration {
    tasks.reduce(.zero) { $0 + method.expectedTime($1) } + Self.countingTime * countingTasks.count
  }

  static let countingTime = Duration.milliseconds(1_400)

  package func task(id: String) -> CellTask? { tasks.first { $0.id == id } }

  /// Takes away what the machine's limits do not allow.
  /// - Returns: sentences about it.
  private static func cut(_ tasks: inout [CellTask], _ limits: SystemLimits) -> [String] {
    var notes: [String] = []
    tasks.removeAll { task in
      let isThreaded = task.contender.id == ModelChoice.threadPerClient.rawValue
      guard
        let problem = limits.problem(connections: task.allConnections, threaded: isThreaded)
      else { return false }
      let who =
        isThreaded && limits.problem(connections: task.allConnections, threaded: false) == nil
        ? "\(task.contender.label) at " : ""
      let what = who.isEmpty ? "are" : "is"
      let note = "\(who)\(Count.connections(task.allConnections)) \(what) left out: \(problem)."
      if !notes.contains(note) { notes.append(note) }
      return true
    }
    return notes
  }

  /// With the numbers of connections of which at least one cell is left.
  private static func measured(_ workloads: [Workload], _ tasks: [CellTask]) -> [Workload] {
    workloads.compactMap { workload in
      let used = Set(tasks.filter { $0.workload.id == workload.id }.map(\.connections))
      guard !used.isEmpty else { return nil }
      var workload = workload
      workload.connections = used.sorted()
      return workload
    }
  }

  /// Each round holds every cell once, in an order of its own, so that a drift of the machine hits all
  /// alike.
  private static func shuffled(_ cells: [CellTask], repeats: Int, seed: UInt64) -> [CellTask] {
    var random = SeededRandom(seed)
    return (1...repeats).flatMap { round in
      cells.shuffled(using: &random).map { task in
        CellTask(
          workload: task.workload, contender: task.contender, connections: task.connections,
          round: round)
      }
    }
  }

  /// A tracer makes thousands of clients slow; the calls of a message hardly depend on their number.
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

/// SplitMix64 (Steele, Lea, Flood, 2014): the same numbers for the same seed, on every machine.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

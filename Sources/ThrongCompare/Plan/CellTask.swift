// One measurement: a cell in a round, and the commands for it.

import ThrongLoad
import ThrongReport

/// A cell to be measured in a round.
package struct CellTask: Sendable, Equatable {
  package let workload: Workload
  package let contender: Contender
  package let connections: Int
  /// From 1 on.
  package let round: Int

  package var key: CellKey {
    CellKey(workload: workload.id, contender: contender.id, connections: connections)
  }

  /// What `--cell` takes.
  package var id: String { "\(workload.id)/\(contender.id)/\(connections)" }
}

/// How a cell is measured: what all cells have in common.
package struct CellMethod: Sendable {
  var throng: String
  var processors: ProcessorPlan
  var duration: Duration
  var warmup: Duration
  var timeout: Duration
  var startTimeout: Duration
  var seed: UInt64
  /// What is granted beyond all that is foreseen, before a measurement counts as hung.
  var grace = Duration.seconds(5)

  init(_ options: CompareOptions, _ processors: ProcessorPlan) {
    throng = options.throng
    self.processors = processors
    duration = options.duration
    warmup = options.warmup
    timeout = options.timeout
    startTimeout = options.startTimeout
    seed = options.seed
  }

  /// The generator's arguments, which start the server too.
  package func arguments(_ task: CellTask) -> [String] {
    let server = task.contender.command(for: task.workload)
    var words = base(task, server: server) + task.workload.generatorFlags
    words += ["--warmup", Workload.flag(warmup), "--duration", Workload.flag(duration)]
    return words
  }

  /// Nothing but the connections, all of them, for what they cost in themselves.
  func idleArguments(_ task: CellTask, server: String) -> [String] {
    // `--idle` holds all of --connections, and goes with no crowd beside.
    base(task, server: server, connections: task.allConnections) + [
      "--idle", "--warmup", "0ms", "--duration", "50ms",
    ]
  }

  /// A short closed loop, from the first message on.
  func countingArguments(_ task: CellTask, server: String) -> [String] {
    base(task, server: server) + task.workload.generatorFlags
      + ["--warmup", "0ms", "--duration", "300ms"]
  }

  /// - Parameter connections: nil: those of the task.
  private func base(_ task: CellTask, server: String, connections: Int? = nil) -> [String] {
    let threads = min(processors.generator.count, task.quickConnections)
    var words = [
      "bench", "--server", server, "--server-cpus", Self.list(processors.server),
      "--connections", "\(connections ?? task.connections)", "--size", task.workload.size,
      "--timeout", Workload.flag(timeout(task)), "--start-timeout", Workload.flag(startTimeout),
      "--seed", "\(seed)",
    ]
    if task.workload.depth > 1 { words += ["--depth", "\(task.workload.depth)"] }
    if threads > 1 { words += ["--threads", "\(threads)"] }
    return words
  }

  /// What a shell takes to measure the cell alone, with the figures on the terminal.
  package func command(_ task: CellTask) -> String {
    Shell.line(["taskset", "-c", Self.list(processors.generator), throng] + arguments(task))
  }

  /// Where a handler works, a turn over all clients takes time.
  private func timeout(_ task: CellTask) -> Duration {
    max(timeout, task.workload.timeOfMessage * task.connections * 3)
  }

  /// How long a measurement takes when all goes well: starting and connecting with it.
  func expectedTime(_ task: CellTask) -> Duration {
    warmup + duration + .milliseconds(250) + .microseconds(100) * task.allConnections
      + task.workload.timeOfMessage * task.connections
  }

  /// What a busy machine may take to connect one more client, and to start its thread.
  private static let slowestConnect = Duration.milliseconds(4)

  /// After this it has failed.
  func deadline(_ task: CellTask) -> Duration {
    startTimeout + expectedTime(task) * 2 + timeout(task) * 2 + grace
      + Self.slowestConnect * task.allConnections
  }

  static func list(_ processors: [Int]) -> String {
    processors.map(String.init).joined(separator: ",")
  }
}

extension CellTask {
  /// Without those that read slowly, of which there is at least one where any are asked for.
  var quickConnections: Int {
    guard case .slowClients(let percent) = workload.kind else { return connections }
    return max(1, connections - max(1, Int((Double(connections) * percent / 100).rounded())))
  }

  /// With those that are held beside.
  var allConnections: Int { workload.openConnections(connections) }
}

extension Workload {
  /// What the handler is told to spend on a message.
  var timeOfMessage: Duration {
    switch kind {
    case .work(let microseconds): .microseconds(1) * microseconds
    case .block(let milliseconds): .milliseconds(1) * milliseconds
    default: .zero
    }
  }

  /// A duration as the command's flags take it.
  static func flag(_ duration: Duration) -> String {
    let microseconds = Int((duration / .microseconds(1)).rounded())
    if microseconds % 1_000_000 == 0 { return "\(microseconds / 1_000_000)s" }
    return microseconds % 1_000 == 0 ? "\(microseconds / 1_000)ms" : "\(microseconds)us"
  }
}

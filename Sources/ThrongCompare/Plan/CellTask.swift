// One measurement: a cell in a round, and the commands for it. Values; any thread.

import ThrongLoad
import ThrongReport

/// A cell to measure in a round.
package struct CellTask: Sendable, Equatable {
  package let workload: Workload
  package let contender: Contender
  package let connections: Int
  /// From 1.
  package var round = 1
  /// Whether every contender gets the same load, which is known once the others are measured.
  package var isAtEqualLoad = false

  package var key: CellKey {
    CellKey(workload: workload.id, contender: contender.id, connections: connections)
  }

  /// Identifier that `--cell` takes.
  package var id: String { "\(workload.id)/\(contender.id)/\(connections)" }
}

/// Parameters common to all cells.
package struct CellMethod: Sendable {
  var throng: String
  var processors: ProcessorPlan
  var duration: Duration
  var warmup: Duration
  var timeout: Duration
  var startTimeout: Duration
  var seed: UInt64
  var certificate: ServerCertificate?
  /// Time added to the deadline of a measurement.
  var grace = Duration.seconds(5)

  init(_ options: CompareOptions, _ processors: ProcessorPlan) {
    throng = options.throng
    self.processors = processors
    duration = options.duration
    warmup = options.warmup
    timeout = options.timeout
    startTimeout = options.startTimeout
    seed = options.seed
    certificate = options.certificate
  }

  /// Arguments of the generator, which also starts the server.
  /// - Parameter rate: messages per second; nil for as many as the server answers.
  package func arguments(_ task: CellTask, rate: Double? = nil) -> [String] {
    arguments(task, server: server(task, certificate), rate: rate)
  }

  private func arguments(_ task: CellTask, server: String, rate: Double? = nil) -> [String] {
    base(task, server: server) + task.workload.generatorFlags
      + (rate.map { ["--rate", "\(Int($0))"] } ?? [])
      + ["--warmup", Workload.flag(warmup), "--duration", Workload.flag(duration)]
  }

  /// Command of the server.
  func server(_ task: CellTask) -> String { server(task, certificate) }

  private func server(_ task: CellTask, _ certificate: ServerCertificate?) -> String {
    let command = task.contender.command(for: task.workload)
    guard task.workload.isSecure, let certificate else { return command }
    let (certificateName, keyName) = ServerCertificate.placeholders
    return command.replacing(certificateName, with: Shell.quoted(certificate.certificatePath))
      .replacing(keyName, with: Shell.quoted(certificate.keyPath))
  }

  /// Arguments for connections without traffic, to count their own system calls.
  func idleArguments(_ task: CellTask, server: String) -> [String] {
    // `--idle` holds all of --connections and excludes slow readers and further idle connections.
    base(task, server: server, connections: task.allConnections) + [
      "--idle", "--warmup", "0ms", "--duration", "50ms",
    ]
  }

  /// Arguments for counting system calls: a short load without warm-up.
  func countingArguments(
    _ task: CellTask, server: String, duration: Duration = .milliseconds(300)
  ) -> [String] {
    base(task, server: server) + task.workload.generatorFlags
      + ["--warmup", "0ms", "--duration", Workload.flag(duration)]
  }

  /// - Parameter connections: nil for those of the task.
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
    // The generator has started the server itself; its certificate may be for any name.
    if task.workload.isSecure { words += ["--tls", "--tls-insecure"] }
    return words
  }

  /// Shell command that measures the cell alone and prints the result. Instead of a temporary certificate it
  /// names certificate.pem and key.pem.
  package func command(_ task: CellTask) -> String {
    let files =
      certificate?.isTemporary == true
      ? ServerCertificate(certificatePath: "certificate.pem", keyPath: "key.pem") : certificate
    return Shell.line(
      ["taskset", "-c", Self.list(processors.generator), throng]
        + arguments(task, server: server(task, files)))
  }

  /// With a working handler, one round over all clients takes longer.
  private func timeout(_ task: CellTask) -> Duration {
    max(timeout, task.workload.timeOfMessage * task.connections * 3)
  }

  /// Expected time of a measurement, including start and connects.
  func expectedTime(_ task: CellTask) -> Duration {
    warmup + duration + .milliseconds(250)
      + .microseconds(task.workload.isSecure ? 600 : 100) * task.allConnections
      + task.workload.timeOfMessage * task.connections
  }

  /// Time for one further connect and thread on a busy machine.
  private static let slowestConnect = Duration.milliseconds(4)

  /// Time after which the measurement counts as hung.
  func deadline(_ task: CellTask) -> Duration {
    startTimeout + expectedTime(task) * 2 + timeout(task) * 2 + grace
      + Self.slowestConnect * task.allConnections
  }

  private static func list(_ processors: [Int]) -> String {
    processors.map(String.init).joined(separator: ",")
  }
}

extension CellTask {
  /// Connections that are not slow readers; `throng bench` makes at least one a slow reader.
  var quickConnections: Int {
    guard case .slowClients(let percent) = workload.kind else { return connections }
    return max(1, connections - max(1, Int((Double(connections) * percent / 100).rounded())))
  }

  /// All open connections, idle ones included.
  var allConnections: Int { workload.openConnections(connections) }
}

extension Workload {
  /// Time that the handler spends on a message.
  var timeOfMessage: Duration {
    switch kind {
    case .work(let microseconds): .microseconds(1) * microseconds
    case .block(let milliseconds): .milliseconds(1) * milliseconds
    default: .zero
    }
  }

  /// Whether the generator can send it on schedule.
  var hasEqualLoad: Bool {
    switch kind {
    case .echo, .work, .block, .idle: true
    case .slowClients, .churn, .fanOut: false
    }
  }

  /// A duration in the form of the command's flags.
  static func flag(_ duration: Duration) -> String {
    let microseconds = Int((duration / .microseconds(1)).rounded())
    if microseconds % 1_000_000 == 0 { return "\(microseconds / 1_000_000)s" }
    return microseconds % 1_000 == 0 ? "\(microseconds / 1_000)ms" : "\(microseconds)us"
  }
}

// A run against a faulty server, as short as the machine allows.

import Throng

@testable import ThrongLoad

enum Load {
  /// How long a run waits for what a server never sends. Whatever a server does send must come in this
  /// time on a busy machine too.
  static let shortTimeout = Duration.seconds(3)

  /// The longest run: a limit that only ends a hang.
  private static let longestDuration = Duration.seconds(30)

  /// Runs a load of a few hundred milliseconds; on a busy machine, where too little happens in that time,
  /// again and for twice as long until there is enough.
  static func run(
    against fault: Fault, _ change: (inout LoadOptions) -> Void = { _ in }
  ) throws -> LoadResult {
    try run(against: fault, until: isMeasured, change)
  }

  static func run(
    against fault: Fault, until isEnough: (LoadResult) -> Bool,
    _ change: (inout LoadOptions) -> Void = { _ in }
  ) throws -> LoadResult {
    var options = options(port: 1)
    change(&options)
    return try longEnough(options, until: isEnough) { options in
      let server = FaultyServer(fault)
      defer { server.stop() }
      options.server = .running(at: .tcp(host: "127.0.0.1", port: server.port), pid: nil)
      return try LoadRunner(options).run()
    }
  }

  static func longEnough(
    _ options: LoadOptions, until isEnough: (LoadResult) -> Bool = isMeasured,
    run: (inout LoadOptions) throws -> LoadResult
  ) throws -> LoadResult {
    var options = options
    while true {
      let result = try run(&options)
      if isEnough(result) || options.duration >= longestDuration { return result }
      options.duration *= 2
    }
  }

  /// Every run has measured something, or was not to: a server is at fault, or the connections are only
  /// held.
  static func isMeasured(_ result: LoadResult) -> Bool {
    hasFault(result) || result.configuration.workload == .idle(IdleOptions())
      || result.runs.allSatisfy { $0.messages > 0 }
  }

  static func hasFault(_ result: LoadResult) -> Bool { !result.faultSentences.isEmpty }

  static func options(port: Int) -> LoadOptions {
    var options = LoadOptions(
      server: .running(at: .tcp(host: "127.0.0.1", port: port), pid: nil))
    options.connections = 1
    options.duration = .milliseconds(200)
    options.warmup = .milliseconds(20)
    options.timeout = .seconds(30)
    return options
  }

  /// The byte that a connection sends at an offset.
  static func byte(_ offset: Int, connection: Int = 1, seed: UInt64 = 1) -> UInt8 {
    let start = Pattern.start(seed: seed, connection: connection)
    return Pattern(seed: seed).piece(at: Pattern.advance(start, by: offset), count: 1)[0]
  }

  static func hex(_ byte: UInt8) -> String {
    (byte < 16 ? "0x0" : "0x") + String(byte, radix: 16)
  }
}

/// The options of one workload, which becomes the workload when they are set.
extension LoadOptions {
  var echo: EchoOptions {
    get { if case .echo(let echo) = workload { echo } else { EchoOptions() } }
    set { workload = .echo(newValue) }
  }

  var churn: ChurnOptions {
    get { if case .churn(let churn) = workload { churn } else { ChurnOptions() } }
    set { workload = .churn(newValue) }
  }

  var fanOut: FanOutOptions {
    get { if case .fanOut(let fanOut) = workload { fanOut } else { FanOutOptions() } }
    set { workload = .fanOut(newValue) }
  }

  /// With time to start on a busy machine.
  mutating func start(_ line: String, within time: Duration = .seconds(30)) {
    var command = ServerCommand(line)
    command.startTimeout = time
    server = .command(command)
  }
}

extension FailCondition {
  init?(_ name: String, _ side: Side, _ bound: Double) {
    self.init(name, side, bound, text: name)
  }
}

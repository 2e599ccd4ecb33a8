// A benchmark: starts the server if requested, executes the runs (once, repeated or as a search),
// and evaluates the conditions.
// Blocks the calling thread.

import LinuxSystem
import SystemPackage
import Throng

/// Loads a server with traffic and measures both sides.
///
/// ```swift
/// var options = LoadOptions()
/// options.target = .tcp(host: "127.0.0.1", port: 52000)
/// let result = try LoadRunner(options).run()
/// print(result.runs[0].messagesPerSecond)
/// ```
public final class LoadRunner: Sendable {
  /// The options in force.
  public let options: LoadOptions
  private let conditions: [FailCondition]
  private let stopRequest: StopRequest

  /// Checks the options.
  /// - Parameter handlingSignals: whether SIGINT, SIGTERM and SIGHUP end the benchmark early. They
  ///   are then blocked in the calling thread.
  /// - Throws: ``LoadError`` for options that cannot be run.
  public init(
    _ options: LoadOptions, failIf conditions: [FailCondition] = [], handlingSignals: Bool = false
  ) throws(LoadError) {
    if let problem = options.problem { throw .badOptions(problem) }
    self.options = options
    self.conditions = conditions
    do {
      stopRequest = try StopRequest(watchingSignals: handlingSignals)
    } catch {
      throw .cannotMakeEventLoop(error)
    }
  }

  /// Ends the benchmark early; the result covers the time before. Any thread.
  public func stop() { stopRequest.stop() }

  /// Runs the benchmark and returns its result. Blocks the calling thread.
  /// - Throws: ``LoadError`` when nothing could be measured. Faults of connections are in the
  ///   result.
  public func run(observer: (any LoadObserver)? = nil) throws(LoadError) -> LoadResult {
    try checkDescriptors()
    var launched: ServerProcess?
    defer { launched?.stop() }
    let address: SocketAddress
    if case .command(let command, let cpus) = options.server {
      let server = try ServerProcess(
        command, cpus: cpus, target: options.target, startTimeout: options.startTimeout,
        stopRequest: stopRequest)
      address = server.address
      launched = server
    } else {
      guard let target = options.target else { throw .badOptions("no server given") }
      address = try target.resolve()
    }
    let probe = try probe(launched)
    return try withExtendedLifetime(launched) { () throws(LoadError) in
      try measure(address, probe, observer)
    }
  }

  private func checkDescriptors() throws(LoadError) {
    let limit = ThisProcess.raiseDescriptorLimit() ?? 0
    let own = 32 + 4 * (options.threads + 1)
    if limit > 0, options.allConnections + own > limit {
      throw .tooManyConnections(wanted: options.allConnections, limit: limit)
    }
  }

  private func probe(_ launched: ServerProcess?) throws(LoadError) -> ServerProbe? {
    if let launched { return ServerProbe(pid: launched.pid) }
    guard case .process(let pid) = options.server else { return nil }
    guard ProcessUsage(pid: pid) != nil else {
      throw .server("no process with id \(pid) (--pid takes the process id of the server)")
    }
    return ServerProbe(pid: pid)
  }

  private func measure(
    _ address: SocketAddress, _ probe: ServerProbe?, _ observer: (any LoadObserver)?
  ) throws(LoadError) -> LoadResult {
    // Interrupted before the server listened.
    if stopRequest.isRequested { return evaluated(LoadResult(configuration: options, runs: [])) }
    let measurement = RunContext(
      options: options, address: address, stopRequest: stopRequest, probe: probe, observer: observer
    )
    if case .findMaximum(let bound) = options.mode {
      let search = MaximumSearch(
        options, bound, wasStopped: { [stopRequest] in stopRequest.isRequested }
      ) {
        number, rate throws(LoadError) in
        observer?.runBegins(number, of: nil, rate: rate)
        return try measurement.run(rate: rate)
      }
      return try evaluated(search.run())
    }
    let rate = options.rate
    var result = LoadResult(configuration: options, runs: [])
    for number in 1...options.repeats where !stopRequest.isRequested {
      observer?.runBegins(number, of: options.repeats, rate: rate)
      result.runs.append(try measurement.run(rate: rate))
    }
    return evaluated(result)
  }

  private func evaluated(_ result: LoadResult) -> LoadResult {
    var result = result
    result.wasInterrupted = stopRequest.isRequested
    if result.maximum == nil { result.summary = Self.summary(result.runs) }
    result.failedConditions =
      conditions.filter { $0.holds(for: result) }.map(\.description)
    return result
  }

  private static func summary(_ runs: [RunResult]) -> [String: Estimate] {
    let metrics: [(String, (RunResult) -> Double?)] = [
      ("messagesPerSecond", { $0.messagesPerSecond }),
      ("deliveriesPerSecond", { $0.fanOut?.deliveriesPerSecond }),
      ("mean", { $0.latency?.mean }),
      ("p50", { $0.latency.map { Double($0.p50) } }),
      ("p90", { $0.latency.map { Double($0.p90) } }),
      ("p99", { $0.latency.map { Double($0.p99) } }),
      ("p999", { $0.latency.map { Double($0.p999) } }),
      ("p9999", { $0.latency.map { Double($0.p9999) } }),
      ("max", { $0.latency.map { Double($0.max) } }),
      ("generatorCpuMicrosecondsPerMessage", { $0.generator.cpuMicrosecondsPerMessage }),
      ("serverCpuMicrosecondsPerMessage", { $0.server?.cpuMicrosecondsPerMessage }),
      (
        "generatorCpuMicrosecondsPerDelivery",
        { $0.fanOut?.generatorCpuMicrosecondsPerDelivery }
      ),
      ("serverCpuMicrosecondsPerDelivery", { $0.fanOut?.serverCpuMicrosecondsPerDelivery }),
    ]
    var summary: [String: Estimate] = [:]
    for (name, value) in metrics { summary[name] = Estimate(runs.compactMap(value)) }
    return summary
  }
}

/// Parameters shared by the runs of a benchmark.
struct RunContext {
  let options: LoadOptions
  let address: SocketAddress
  let stopRequest: StopRequest
  let probe: ServerProbe?
  let observer: (any LoadObserver)?

  func run(rate: Double?) throws(LoadError) -> RunResult {
    try LoadRun(
      options, address: address, rate: rate, stopRequest: stopRequest, probe: probe,
      observer: observer
    ).run()
  }
}

// A benchmark: starts the server if requested, executes the runs (once, repeated or as a search),
// and evaluates the conditions.
// Blocks the calling thread.

import LinuxSystem
import SystemPackage
import Throng

/// Loads a server with traffic and measures both sides.
///
/// ```swift
/// let server = LoadServer.running(at: .tcp(host: "127.0.0.1", port: 52000), pid: nil)
/// let result = try LoadRunner(LoadOptions(server: server)).run()
/// print(result.runs[0].messagesPerSecond)
/// ```
public final class LoadRunner: Sendable {
  /// The options in force.
  public let options: LoadOptions
  private let security: ClientTransportSecurity?
  private let conditions: [FailCondition]
  private let stopRequest: StopRequest

  /// Checks the options.
  /// - Parameters:
  ///   - security: TLS on every connection; nil: none. Its configuration decides whether sessions are
  ///     resumed.
  ///   - handlingSignals: whether SIGINT, SIGTERM and SIGHUP end the benchmark early. They are then
  ///     blocked in the calling thread.
  /// - Throws: ``LoadError`` for options that cannot be run.
  public init(
    _ options: LoadOptions, security: ClientTransportSecurity? = nil,
    failIf conditions: [FailCondition] = [], handlingSignals: Bool = false
  ) throws(LoadError) {
    try options.check()
    self.options = options
    self.security = security
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
    switch options.server {
    case .command(let command):
      let server = try ServerProcess(command, stopRequest: stopRequest)
      defer { server.stop() }
      return try measure(server.address, ServerProbe(pid: server.pid), observer)
    case .running(let target, let pid):
      let address = try target.resolve()
      if let pid, ProcessUsage(pid: pid) == nil { throw .noSuchProcess(pid: pid) }
      return try measure(address, pid.map { ServerProbe(pid: $0) }, observer)
    }
  }

  private func checkDescriptors() throws(LoadError) {
    let limit = ThisProcess.raiseDescriptorLimit() ?? 0
    let own = 32 + 4 * (options.threads + 1)
    if limit > 0, options.allConnections + own > limit {
      throw .tooManyConnections(wanted: options.allConnections, limit: limit)
    }
  }

  private func measure(
    _ address: SocketAddress, _ probe: ServerProbe?, _ observer: (any LoadObserver)?
  ) throws(LoadError) -> LoadResult {
    let context = RunContext(
      options: options, address: address, security: security, stopRequest: stopRequest,
      probe: probe,
      observer: observer
    )
    var result = LoadResult(configuration: options, runs: [])
    let rate = options.workload.parts.rate
    if let bound = options.workload.parts.bound, !stopRequest.isRequested {
      let search = MaximumSearch(
        options, bound, wasStopped: { [stopRequest] in stopRequest.isRequested }
      ) { number, rate throws(LoadError) in
        observer?.runBegins(number, of: nil, rate: rate)
        return try LoadRun(context, rate: rate).run()
      }
      result = try search.run()
    } else {
      for number in 1...options.repeats where !stopRequest.isRequested {
        observer?.runBegins(number, of: options.repeats, rate: rate)
        result.runs.append(try LoadRun(context, rate: rate).run())
      }
      for metric in RunMetric.all {
        guard let key = metric.key else { continue }
        result.summary[key] = Estimate(result.runs.compactMap(metric.value))
      }
    }
    result.wasInterrupted = stopRequest.isRequested
    result.failedConditions = conditions.filter { $0.holds(for: result) }.map(\.description)
    return result
  }
}

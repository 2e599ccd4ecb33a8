// Computes the result of a run from the records of its load threads, with warnings about the
// measurement. A value; any thread.

import LinuxSystem
import Throng

struct RunReport {
  let plan: RunPlan
  let total: Records
  let statuses: [ThreadControl.Status]
  let intervals: [IntervalResult]
  let openingSeconds: Double?
  let ownNanoseconds: UInt64
  let probe: ServerProbe?
  /// Whether the run was interrupted; then connections without a reply are no fault.
  let wasStopped: Bool
  let usage: (start: ProcessUsage, end: ProcessUsage)?

  /// Utilization of a load thread above which the generator may limit the throughput.
  private static let highUtilization = 0.9
  /// p99 of the timer delay above which latencies include the generator's own delay, in
  /// nanoseconds.
  private static let highLag: UInt64 = 5_000_000

  var result: RunResult {
    let isOpenLoop = plan.rate != nil
    let opened = statuses.reduce(0) { $0 + $1.opened }
    return RunResult(
      rate: plan.rate, seconds: seconds, messages: total.messages,
      messagesPerSecond: seconds > 0 ? Double(total.messages) / seconds : 0,
      sentBytes: total.sentBytes, receivedBytes: total.receivedBytes,
      connections: connectionResult(opened), slow: slow, idle: idle, fanOut: fanOut,
      latency: LatencySummary(total.latency),
      uncorrected: isOpenLoop ? LatencySummary(total.uncorrected) : nil,
      sendDelay: isOpenLoop ? LatencySummary(total.sendDelay) : nil,
      late: isOpenLoop ? total.late : nil, unsent: isOpenLoop ? total.unsent : nil,
      intervals: intervals, generator: generator, server: server, faults: faults,
      warnings: warnings)
  }

  var seconds: Double { Double(statuses.map(\.measuredNanoseconds).max() ?? 0) / 1e9 }

  private var unserved: [Int] { statuses.flatMap(\.unserved).sorted() }

  private func connectionResult(_ opened: Int) -> ConnectionResult {
    ConnectionResult(
      wanted: plan.options.allConnections, opened: opened,
      openAtEnd: statuses.reduce(0) { $0 + $1.openAtEnd }, unserved: unserved.count,
      openingSeconds: openingSeconds,
      resumed: plan.security == nil ? nil : statuses.reduce(0) { $0 + $1.resumed },
      security: statuses.lazy.compactMap(\.security).first,
      connectTime: LatencySummary(total.connect),
      fairness: Fairness.index(statuses.flatMap(\.replies)))
  }

  private var slow: SlowReaderResult? {
    guard plan.slowConnections > 0, let slowReaders = statuses.last else { return nil }
    return SlowReaderResult(
      wanted: plan.slowConnections, opened: slowReaders.opened, openAtEnd: slowReaders.openAtEnd,
      receivedBytes: total.slowBytes)
  }

  private var idle: IdleResult? {
    guard plan.load.idleConnections > 0 else { return nil }
    let opened = statuses.reduce(0) { $0 + $1.held }
    return IdleResult(
      wanted: plan.load.idleConnections, opened: opened,
      dropped: opened - statuses.reduce(0) { $0 + $1.heldAtEnd })
  }

  private var faults: [FaultSummary] {
    var log = FaultLog()
    for status in statuses { log.merge(status.faults) }
    let unserved = unserved
    // Failed connects and receivers without a probe have faults of their own.
    let refused = log.count(.connectFailed) + log.count(.notReached)
    if unserved.count > refused, !wasStopped, let first = unserved.first {
      let all = plan.options.connections + plan.load.idleConnections
      let sentence =
        if all == 1 {
          "no reply on the connection"
        } else if unserved.count == all {
          "no reply on any of the \(all) connections"
        } else {
          "no reply on \(unserved.count) of \(all) connections, the first being connection \(first)"
        }
      log.add(.notServed, count: unserved.count - refused, sentence)
    }
    return log.all
  }

  var cpuSeconds: Double {
    statuses.reduce(Double(ownNanoseconds) / 1e9) { $0 + Double($1.cpuNanoseconds) / 1e9 }
  }

  /// Share of a core used by the busiest load thread.
  private var utilization: Double {
    statuses.map { status in
      status.measuredNanoseconds == 0
        ? 0 : Double(status.cpuNanoseconds) / Double(status.measuredNanoseconds)
    }.max() ?? 0
  }

  private var generator: GeneratorCost {
    GeneratorCost(
      threads: plan.options.threads, cpuSeconds: cpuSeconds, utilization: utilization,
      cpuMicrosecondsPerMessage: perMessage(cpuSeconds * 1e6),
      loopLag: LatencySummary(total.loopLag))
  }

  private func perMessage(_ amount: Double) -> Double? {
    total.messages > 0 ? amount / Double(total.messages) : nil
  }

  private var server: ServerCost? {
    guard let probe, let usage else { return nil }
    let (start, end) = usage
    let cpu = end.cpuSeconds - start.cpuSeconds
    // The kernel attributes whole ticks to user or system mode; only their sum is precise.
    let user = end.userSeconds - start.userSeconds
    let ticks = user + end.systemSeconds - start.systemSeconds
    let userShare = ticks > 0 ? user / ticks : 0
    return ServerCost(
      pid: probe.pid, userSeconds: cpu * userShare, systemSeconds: cpu * (1 - userShare),
      cpuMicrosecondsPerMessage: perMessage(cpu * 1e6),
      startResidentBytes: probe.startResidentBytes, peakResidentBytes: probe.peakResidentBytes,
      residentBytesPerConnection: bytesPerConnection, threads: end.threads,
      voluntarySwitchesPerMessage: switches(\.voluntary).flatMap(perMessage),
      involuntarySwitchesPerMessage: switches(\.involuntary).flatMap(perMessage))
  }

  /// Growth of the server's resident memory for each open connection; nil in a churn.
  private var bytesPerConnection: Double? {
    let open = statuses.reduce(0) { $0 + $1.openAtEnd }
    guard let probe, open > 0, !plan.load.isChurn else { return nil }
    return Double(probe.endResidentBytes - probe.startResidentBytes) / Double(open)
  }

  /// Context switches within the measured time. A thread that exits removes its switches from the
  /// process total, so the difference can be negative; nil then.
  func switches(_ kind: KeyPath<ContextSwitches, Double>) -> Double? {
    guard let start = usage?.start.switches, let end = usage?.end.switches else { return nil }
    let count = end[keyPath: kind] - start[keyPath: kind]
    return count < 0 ? nil : count
  }

  private var warnings: [MeasurementWarning] {
    var warnings: [MeasurementWarning] = []
    if utilization > Self.highUtilization {
      warnings.append(.generatorBusy(utilization: utilization))
    }
    if total.loopLag.totalCount > 0, total.loopLag.valueAtPercentile(99) > Self.highLag {
      warnings.append(.timersLate(p99: total.loopLag.valueAtPercentile(99)))
    }
    if let shared = probe?.sharedProcessors, !shared.isEmpty {
      warnings.append(.sharedProcessors(list: Processors.text(shared)))
    }
    if plan.rate != nil, total.unsent > 0 { warnings.append(.unsent(messages: total.unsent)) }
    return warnings
  }
}

// Text of one run: rows with a title and aligned values. A value; any thread.

import LinuxSystem
import ThrongLoad

struct RunText {
  private let run: RunResult
  private let isIdle: Bool
  private let style: OutputStyle

  init(_ run: RunResult, _ options: LoadOptions, _ style: OutputStyle) {
    self.run = run
    isIdle = if case .idle = options.workload { true } else { false }
    self.style = style
  }

  var lines: [String] {
    let faults = run.faults.map { style.red($0.sentence) }
    if run.connections.opened == 0, !faults.isEmpty { return faults }
    return (isIdle ? style.row("held", heldParts) : loadLines)
      + connectionLines + slowLines + serverLines
      + run.warnings.map { style.yellow("warning: \($0.sentence)") } + faults
  }

  // MARK: Load

  private var heldParts: [String] {
    let (open, opened) = (run.connections.openAtEnd, run.connections.opened)
    return [
      "\(open) of \(opened) connections for \(seconds)", "\(opened - open) dropped",
    ]
  }

  private var loadLines: [String] {
    let requested = run.rate.map { " of \(Decimals.rate($0)) requested" } ?? ""
    let rate = "\(Decimals.rate(run.messagesPerSecond)) msgs/s\(requested)"
    var lines: [String]
    if let fanOut = run.fanOut {
      lines = style.row(
        "fan-out",
        [
          "\(Decimals.rate(fanOut.deliveriesPerSecond)) deliveries/s to \(fanOut.receivers) receivers",
          rate, "\(fanOut.deliveries) deliveries of \(run.messages) messages in \(seconds)",
        ])
    } else {
      lines = style.row("throughput", [rate, "\(run.messages) in \(seconds)"])
    }
    lines += latencyLines
    if let delay = run.sendDelay {
      lines += style.row(
        "schedule",
        [
          "send delay p50 \(Self.time(delay.p50))", "p99 \(Self.time(delay.p99))",
          "\(run.late ?? 0) messages more than 1 ms late", "\(run.unsent ?? 0) not sent",
        ])
    }
    return lines + receiverLines
  }

  private var latencyLines: [String] {
    guard let latency = run.latency else { return style.row("latency", ["no replies"]) }
    let rows = [("latency", latency)] + (run.uncorrected.map { [("uncorrected", $0)] } ?? [])
    return style.table(
      ["min", "mean", "p50", "p90", "p99", "p99.9", "p99.99", "max"],
      rows.map { title, latency in
        let values = [
          latency.min, UInt64(latency.mean), latency.p50, latency.p90, latency.p99, latency.p999,
          latency.p9999, latency.max,
        ]
        return (title, values.map(Self.time))
      }, column: 8)
  }

  private var receiverLines: [String] {
    guard let fanOut = run.fanOut else { return [] }
    var parts = ["\(fanOut.otherLines) other line\(fanOut.otherLines == 1 ? "" : "s")"]
    if let low = fanOut.lowestMean, let high = fanOut.highestMean {
      let times = [low, high].map { DurationText.format(nanoseconds: $0) }
      parts.insert("mean latency \(times[0]) to \(times[1])", at: 0)
    }
    return style.row("receivers", parts)
  }

  // MARK: Connections

  private var connectionLines: [String] {
    let connections = run.connections
    let time = connections.openingSeconds.map { " in \(Decimals.fixed($0, 3)) s" } ?? ""
    var parts = ["\(connections.opened) opened\(time)"]
    if let resumed = connections.resumed {
      parts.append("TLS handshakes \(connections.opened - resumed) full, \(resumed) resumed")
    }
    if let security = connections.security { parts.append("\(security)") }
    if let connect = connections.connectTime {
      parts.append("connect p99 \(Self.time(connect.p99))")
    }
    if let fairness = connections.fairness {
      parts.append("fairness \(Decimals.fixed(fairness, 4))")
    }
    let lines = style.row("connections", parts)
    let generator = run.generator
    guard
      let cpu = run.fanOut?.generatorCpuMicrosecondsPerDelivery
        ?? generator.cpuMicrosecondsPerMessage
    else { return lines }
    let busiest = generator.threads == 1 ? "" : " in the busiest of \(generator.threads) threads"
    return lines
      + style.row(
        "generator",
        [
          "\(Decimals.fixed(cpu, 2)) µs/\(unit)",
          "\(Decimals.fixed(generator.utilization * 100, 0)) % of a core\(busiest)",
        ])
  }

  private var slowLines: [String] {
    var lines: [String] = []
    if let slow = run.slow, run.fanOut != nil {
      lines += style.row(
        "stalled", ["\(slow.openAtEnd) of \(slow.wanted) stalled receivers open at the end"])
    } else if let slow = run.slow {
      let rate = run.seconds > 0 ? Double(slow.receivedBytes) / run.seconds : 0
      lines += style.row(
        "slow readers",
        [
          "\(slow.openAtEnd) of \(slow.wanted) open at the end",
          "\(Self.bytes(slow.receivedBytes)) read",
          "\(Self.bytes(Int(rate / Double(max(1, slow.opened)))))/s each",
        ])
    }
    if let idle = run.idle {
      lines += style.row(
        "idle", ["\(idle.opened) of \(idle.wanted) connections held", "\(idle.dropped) dropped"])
    }
    return lines
  }

  // MARK: Server

  private var serverLines: [String] {
    guard let server = run.server else { return [] }
    let cpu = server.userSeconds + server.systemSeconds
    let fanOut = run.fanOut
    var parts: [String] = []
    if let each = fanOut?.serverCpuMicrosecondsPerDelivery ?? server.cpuMicrosecondsPerMessage {
      let user = cpu > 0 ? Int((server.userSeconds / cpu * 100).rounded()) : 0
      parts.append("\(Decimals.fixed(each, 2)) µs/\(unit) CPU (\(user) % user)")
    } else {
      parts.append("\(Decimals.fixed(cpu, 2)) s CPU")
    }
    if let switches = fanOut?.voluntarySwitchesPerDelivery ?? server.voluntarySwitchesPerMessage,
      let forced = fanOut?.involuntarySwitchesPerDelivery ?? server.involuntarySwitchesPerMessage
    {
      parts.append("context switches \(Decimals.fixed(switches, 3)) voluntary")
      parts.append("\(Decimals.fixed(forced, 3)) involuntary")
    }
    parts.append("\(server.threads) thread\(server.threads == 1 ? "" : "s")")
    var memory = [
      "\(Self.bytes(server.startResidentBytes)) at the start",
      "peak \(Self.bytes(server.peakResidentBytes))",
    ]
    if let each = server.residentBytesPerConnection {
      memory.append("\(Decimals.fixed(each, 0)) bytes/connection")
    }
    return style.row("server", parts) + style.row("memory", memory)
  }

  // MARK: Values

  /// The unit that costs are divided by.
  private var unit: String { run.fanOut == nil ? "msg" : "delivery" }

  private var seconds: String { "\(Decimals.fixed(run.seconds, 2)) s" }

  static func time(_ nanoseconds: UInt64) -> String {
    DurationText.format(nanoseconds: Double(nanoseconds))
  }

  private static func bytes(_ count: Int) -> String {
    count < 1 << 20
      ? "\(Decimals.format(Double(count) / 1024)) KiB"
      : "\(Decimals.format(Double(count) / 1_048_576)) MiB"
  }
}

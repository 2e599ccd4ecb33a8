// Text of one run: rows with a title and aligned values. Any thread.

import LinuxSystem

struct RunText {
  let run: RunResult
  private let options: LoadOptions

  init(_ run: RunResult, _ options: LoadOptions) {
    self.run = run
    self.options = options
  }

  var lines: [String] {
    if run.connections.opened == 0, !run.faults.isEmpty { return run.faults.map(\.sentence) }
    var lines = options.mode == .idle ? idleLines : loadLines
    lines += connectionLines + backgroundLines + serverLines
    lines += run.warnings.map { "warning: \($0)" }
    lines += run.faults.map(\.sentence)
    return lines
  }

  private var loadLines: [String] {
    if let fanOut = run.fanOut {
      return fanOutLines(fanOut) + latencyLines + scheduleLines + receiverLines(fanOut)
    }
    let lines = [
      Self.row(
        "throughput",
        """
        \(Decimals.rate(run.messagesPerSecond)) messages/s\
        \(run.rate.map { " of \(Decimals.rate($0)) requested" } ?? ""), \
        \(run.messages) in \(Decimals.fixed(run.seconds, 2)) s
        """)
    ]
    return lines + latencyLines + scheduleLines
  }

  private var scheduleLines: [String] {
    guard let delay = run.sendDelay else { return [] }
    return [
      Self.row(
        "schedule",
        """
        send delay p50 \(Self.time(delay.p50)), p99 \(Self.time(delay.p99)); \
        \(run.late ?? 0) messages more than 1 ms late, \(run.unsent ?? 0) not sent
        """)
    ]
  }

  private var latencyLines: [String] {
    guard let latency = run.latency else {
      return [Self.row("latency", "no replies")]
    }
    let titles = ["min", "mean", "p50", "p90", "p99", "p99.9", "p99.99", "max"]
    var lines = [Self.row("", titles.map { Self.right($0, 9) }.joined())]
    lines.append(Self.row("latency", Self.times(latency)))
    if let uncorrected = run.uncorrected {
      lines.append(Self.row("uncorrected", Self.times(uncorrected)))
    }
    return lines
  }

  private var idleLines: [String] {
    let dropped = run.connections.opened - run.connections.openAtEnd
    return [
      Self.row(
        "held",
        """
        \(run.connections.openAtEnd) of \(run.connections.opened) connections for \
        \(Decimals.fixed(run.seconds, 2)) s, \(dropped) dropped
        """)
    ]
  }

  private var connectionLines: [String] {
    let metrics = run.connections
    var text = "\(metrics.opened) opened"
    if let seconds = metrics.openingSeconds { text += " in \(Decimals.fixed(seconds, 3)) s" }
    if let connect = metrics.connectTime { text += ", connect p99 \(Self.time(connect.p99))" }
    if let fairness = metrics.fairness { text += ", fairness \(Decimals.fixed(fairness, 4))" }
    var lines = [Self.row("connections", text)]
    let generator = run.generator
    let fanOut = run.fanOut
    if let cpu = fanOut?.generatorCpuMicrosecondsPerDelivery ?? generator.cpuMicrosecondsPerMessage
    {
      lines.append(
        Self.row(
          "generator",
          """
          \(Decimals.fixed(cpu, 2)) us/\(unit), \(Decimals.fixed(generator.utilization * 100, 0)) % \
          of a core\(generator.threads == 1 ? "" : " in the busiest of \(generator.threads) threads")
          """))
    }
    return lines
  }

  private var backgroundLines: [String] {
    var lines: [String] = []
    if let slow = run.slow, run.fanOut != nil {
      lines.append(
        Self.row("stalled", "\(slow.openAtEnd) of \(slow.wanted) stalled receivers open at the end")
      )
    } else if let slow = run.slow {
      let rate = run.seconds > 0 ? Double(slow.receivedBytes) / run.seconds : 0
      lines.append(
        Self.row(
          "slow readers",
          """
          \(slow.openAtEnd) of \(slow.wanted) open at the end, \(Self.bytes(slow.receivedBytes)) read, \
          \(Self.bytes(Int(rate / Double(max(1, slow.opened)))))/s each
          """))
    }
    if let idle = run.idle {
      lines.append(
        Self.row(
          "idle",
          "\(idle.opened) of \(idle.wanted) connections held, \(idle.dropped) dropped"))
    }
    return lines
  }

  private var serverLines: [String] {
    guard let server = run.server else { return [] }
    let cpu = server.userSeconds + server.systemSeconds
    var cost = "\(Decimals.fixed(cpu, 2)) s CPU"
    let fanOut = run.fanOut
    if let each = fanOut?.serverCpuMicrosecondsPerDelivery ?? server.cpuMicrosecondsPerMessage {
      let user = Self.share(server.userSeconds, cpu)
      cost = "\(Decimals.fixed(each, 2)) us/\(unit) CPU (\(user) user)"
    }
    if let switches = fanOut?.voluntarySwitchesPerDelivery ?? server.voluntarySwitchesPerMessage,
      let forced = fanOut?.involuntarySwitchesPerDelivery ?? server.involuntarySwitchesPerMessage
    {
      let counts = [switches, forced].map { Decimals.fixed($0, 3) }
      cost += ", context switches \(counts[0]) voluntary, \(counts[1]) involuntary"
    }
    var memory = Self.bytes(server.startResidentBytes) + " at the start, peak "
    memory += Self.bytes(server.peakResidentBytes)
    if let each = server.residentBytesPerConnection {
      memory += ", \(Decimals.fixed(each, 0)) bytes/connection"
    }
    let threads = "\(server.threads) thread\(server.threads == 1 ? "" : "s")"
    return [Self.row("server", cost + ", " + threads), Self.row("memory", memory)]
  }

  /// The unit that costs are divided by.
  private var unit: String { run.fanOut == nil ? "message" : "delivery" }

  // MARK: Columns

  static func row(_ name: String, _ text: String) -> String {
    name + String(repeating: " ", count: max(1, 13 - name.count)) + text
  }

  static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(1, width - text.count)) + text
  }

  static func time(_ nanoseconds: UInt64) -> String {
    DurationText.format(nanoseconds: Double(nanoseconds))
  }

  private static func times(_ latency: LatencySummary) -> String {
    [
      latency.min, UInt64(latency.mean), latency.p50, latency.p90, latency.p99, latency.p999,
      latency.p9999, latency.max,
    ].map { right(time($0), 9) }.joined()
  }

  private static func share(_ part: Double, _ whole: Double) -> String {
    whole > 0 ? "\(Int((part / whole * 100).rounded())) %" : "0 %"
  }

  private static func bytes(_ count: Int) -> String {
    count < 1 << 20
      ? "\(Decimals.format(Double(count) / 1024)) KiB"
      : "\(Decimals.format(Double(count) / 1_048_576)) MiB"
  }
}

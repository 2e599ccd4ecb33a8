// The text of a result: it fits its width, has one style of units, and colours only where they are wanted.

import Testing

@testable import ThrongCommand
@testable import ThrongLoad

@Suite struct BenchTextTests {
  private static func latency(_ values: UInt64...) -> LatencySummary? {
    var latencies = Latencies.make()
    for value in values { latencies.note(value) }
    return LatencySummary(latencies)
  }

  private static var run: RunResult {
    RunResult(
      rate: 500_000, seconds: 10, messages: 4_123_456, messagesPerSecond: 412_345.6,
      sentBytes: 0, receivedBytes: 0,
      connections: ConnectionResult(
        wanted: 1003, opened: 1003, openAtEnd: 1003, unserved: 0, openingSeconds: 0.25,
        connectTime: latency(12_345_678), fairness: 0.9876),
      slow: SlowReaderResult(wanted: 3, opened: 3, openAtEnd: 2, receivedBytes: 123_456),
      idle: IdleResult(wanted: 10_000, opened: 10_000, dropped: 12),
      latency: latency(12_345, 123_456_789, 999_949), uncorrected: latency(999_499),
      sendDelay: latency(123_456), late: 123_456, unsent: 7, intervals: [],
      generator: GeneratorCost(
        threads: 2, cpuSeconds: 9, utilization: 0.95, cpuMicrosecondsPerMessage: 2.345),
      server: ServerCost(
        pid: 7, userSeconds: 2.5, systemSeconds: 7.5, cpuMicrosecondsPerMessage: 12.345,
        startResidentBytes: 12_345_678, peakResidentBytes: 123_456_789,
        residentBytesPerConnection: 1705, threads: 1001, voluntarySwitchesPerMessage: 0.123,
        involuntarySwitchesPerMessage: 0.001),
      faults: [
        FaultSummary(
          kind: .early, count: 3, first: "connection 1: 3 bytes", hint: .greeting(bytes: 3))
      ],
      warnings: [.generatorBusy(utilization: 0.95)])
  }

  private func lines(_ run: RunResult, width: Int = 80) -> [String] {
    let options = LoadOptions(server: .running(at: .unix(path: "s"), pid: nil))
    let style = OutputStyle(isTerminal: true, width: width, hasColours: false)
    return RunText(run, options, style).lines
  }

  /// Sentences of faults and warnings are no table: the terminal breaks them.
  @Test(arguments: [60, 80, 132])
  func theTableFitsTheWidth(width: Int) {
    let table = lines(Self.run, width: width).prefix { !$0.hasPrefix("warning: ") }
    #expect(table.count >= 10)
    for line in table { #expect(line.count <= width, "\(line)") }
  }

  @Test func unitsHaveOneStyle() {
    let text = lines(Self.run).joined(separator: "\n")
    #expect(text.contains("412346 msgs/s of 500000 requested"))
    #expect(text.contains("12.35 µs/msg") || text.contains("12.34 µs/msg"))
    #expect(!text.contains(" us/") && !text.contains("messages/s"))
  }

  @Test func faultsNameTheFlagThatMayHelp() {
    #expect(
      lines(Self.run).last
        == "connection 1: 3 bytes (if this is a greeting, give --greeting 3) (and 2 more connections)"
    )
  }

  @Test func aSearchAndASummaryAreTables() throws {
    var result = LoadResult(
      configuration: LoadOptions(server: .running(at: .unix(path: "s"), pid: nil)),
      runs: [Self.run, Self.run])
    result.summary["p50"] = Estimate([1000, 2000])
    result.summary["messagesPerSecond"] = Estimate([4000, 4000])
    let summary = BenchText(result, .plain).text
    #expect(summary.contains("2 runs: median (95 % confidence interval of the median)\n"))
    #expect(summary.contains("throughput   4000 msgs/s  (4000 msgs/s to 4000 msgs/s)\n"))
    result.maximum = MaximumRate(
      rate: 1000, bound: LatencyBound(percentile: 99, limit: .milliseconds(2)), latency: 1_500_000)
    #expect(
      BenchText(result, .plain).text.contains(
        "maximum: 1000 msgs/s with p99 within 2.00 ms (1.50 ms)\n"))
  }

  @Test func coloursAreOnlyWhereTheyAreWanted() {
    let coloured = OutputStyle(isTerminal: true, width: 80, hasColours: true)
    #expect(coloured.red("x") == "\u{1b}[31mx\u{1b}[0m")
    #expect(OutputStyle.plain.red("x") == "x" && OutputStyle.plain.bold("x") == "x")
  }

  @Test func progressShowsRatesOfPartialIntervals() {
    let options = LoadOptions(server: .running(at: .unix(path: "s"), pid: nil))
    let interval = IntervalResult(
      seconds: 2.5, messages: 500, messagesPerSecond: 1000, p50: 1000, p99: 2000, max: 3000,
      opened: 1)
    #expect(
      BenchProgress.line(interval, options)
        == "2.5 s: 1000 msgs/s, p50 1.00 µs, p99 2.00 µs, max 3.00 µs")
  }
}

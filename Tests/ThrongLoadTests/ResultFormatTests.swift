// The file formats of a result, byte by byte, so that a change of a type does not change them unnoticed.

import LinuxSystem
import Testing

@testable import ThrongLoad

@Suite struct ResultFormatTests {
  private static var latency: LatencySummary? {
    var latencies = Latencies.make()
    latencies.note(1000)
    latencies.note(3000)
    return LatencySummary(latencies)
  }

  private static var run: RunResult {
    RunResult(
      rate: 500, seconds: 2, messages: 1000, messagesPerSecond: 500, sentBytes: 64000,
      receivedBytes: 64000,
      connections: ConnectionResult(
        wanted: 6, opened: 6, openAtEnd: 5, unserved: 1, openingSeconds: 0.25,
        connectTime: latency, fairness: 0.5),
      slow: SlowReaderResult(wanted: 1, opened: 1, openAtEnd: 1, receivedBytes: 4096),
      idle: IdleResult(wanted: 2, opened: 2, dropped: 1),
      fanOut: FanOutResult(
        receivers: 3, deliveries: 3000, deliveriesPerSecond: 1500, otherLines: 4, lowestMean: 1000,
        highestMean: 2000, generatorCpuMicrosecondsPerDelivery: 0.5,
        serverCpuMicrosecondsPerDelivery: 0.25, voluntarySwitchesPerDelivery: 0.125,
        involuntarySwitchesPerDelivery: 0.0625),
      latency: latency, uncorrected: latency, sendDelay: latency, late: 3, unsent: 2,
      intervals: [
        IntervalResult(
          seconds: 1, messages: 500, messagesPerSecond: 500, p50: 1000, p99: 3000, max: 3000,
          opened: 6, deliveries: 1500)
      ],
      generator: GeneratorCost(
        threads: 1, cpuSeconds: 0.5, utilization: 0.25, cpuMicrosecondsPerMessage: 500,
        loopLag: latency),
      server: ServerCost(
        pid: 7, userSeconds: 0.5, systemSeconds: 0.25, cpuMicrosecondsPerMessage: 750,
        startResidentBytes: 1024, peakResidentBytes: 4096, residentBytesPerConnection: 512,
        threads: 2, voluntarySwitchesPerMessage: 0.5, involuntarySwitchesPerMessage: 0.25),
      faults: [
        FaultSummary(
          kind: .early, count: 1, first: "connection 1: 3 bytes", hint: .greeting(bytes: 3))
      ],
      warnings: [.generatorBusy(utilization: 0.95), .unsent(messages: 2)])
  }

  private static var options: LoadOptions {
    var command = ServerCommand("server {port}")
    command.processors = [0, 1]
    var options = LoadOptions(server: .command(command))
    var echo = EchoOptions()
    echo.messages.sizes = .weighted([.init(size: 64, weight: 9)])
    echo.messages.reply = .bytes(10)
    echo.pacing = .search(LatencyBound(percentile: 99, limit: .milliseconds(2)))
    options.workload = .echo(echo)
    return options
  }

  /// Associated values without a name would be called `_0`.
  @Test func noNameBeginsWithAnUnderscore() throws {
    var (range, open, fanOut, line) = (EchoOptions(), EchoOptions(), FanOutOptions(), EchoOptions())
    range.messages.sizes = .range(1...2)
    open.pacing = .openLoop(rate: 5)
    fanOut.pacing = .rate(5)
    line.messages.reply = .line
    let workloads: [LoadOptions.Workload] = [
      .echo(range), .echo(open), .echo(line), .churn(ChurnOptions()), .idle(IdleOptions()),
      .fanOut(fanOut), .fanOut(FanOutOptions()),
    ]
    let targets: [ServerAddress] = [.tcp(host: "h", port: 1), .unix(path: "p")]
    for workload in workloads {
      for target in targets {
        var options = Self.options
        options.server = .running(at: target, pid: 7)
        options.workload = workload
        let json = try LoadResult(configuration: options, runs: []).json()
        #expect(!json.contains("\"_"), "\(json)")
        #expect(try LoadResult(json: json).configuration == options)
      }
    }
  }

  @Test func theJSONOfARunStaysAsItIs() throws {
    let result = LoadResult(
      configuration: Self.options, runs: [Self.run],
      summary: ["p50": try #require(Estimate([1, 2, 3, 4, 5, 6]))], failedConditions: ["p99>1ms"])
    let json = try result.json()
    #expect(json == Self.json)
  }

  @Test func theColumnsOfTheCSVStayAsTheyAre() {
    let csv = LoadResult(configuration: Self.options, runs: [Self.run]).csv
    #expect(csv == Self.csv)
  }

  private static let json = """
    {"configuration":{"connections":50,"duration":10,"repeats":1,"seed":1,\
    "server":{"command":{"options":{"line":"server {port}","processors":[0,1],"startTimeout":10}}},\
    "threads":1,"timeout":5,"warmup":1,"workload":{"echo":{"options":{"depth":1,"idleConnections":0,\
    "messages":{"greeting":0,"reply":{"bytes":{"count":10}},"sizes":{"weighted":{"sizes":[{"size":64,\
    "weight":9}]}},"verifies":true},"pacing":{"search":{"bound":{"limit":0.002,"percentile":99}}},\
    "slowReaders":0}}}},"failedConditions":["p99>1ms"],"summary":{"p50":{"high":6,"low":1,"mean":3.5,\
    "median":3.5}},"trials":[{"connections":{"connectTime":{"count":2,"histogram":[[1000,1],[3001,1]],\
    "max":3001,"mean":2000.5,"min":1000,"p50":1000,"p90":3000,"p99":3000,"p999":3000,"p9999":3000},\
    "fairness":0.5,"openAtEnd":5,"opened":6,"openingSeconds":0.25,"unserved":1,"wanted":6},\
    "fanOut":{"deliveries":3000,"deliveriesPerSecond":1500,"generatorCpuMicrosecondsPerDelivery":0.5,\
    "highestMean":2000,"involuntarySwitchesPerDelivery":0.0625,"lowestMean":1000,"otherLines":4,\
    "receivers":3,"serverCpuMicrosecondsPerDelivery":0.25,"voluntarySwitchesPerDelivery":0.125},\
    "faults":[{"count":1,"first":"connection 1: 3 bytes","hint":{"greeting":{"bytes":3}},\
    "kind":"early"}],"generator":{"cpuMicrosecondsPerMessage":500,"cpuSeconds":0.5,"loopLag":{"count":2,\
    "histogram":[[1000,1],[3001,1]],"max":3001,"mean":2000.5,"min":1000,"p50":1000,"p90":3000,\
    "p99":3000,"p999":3000,"p9999":3000},"threads":1,"utilization":0.25},"idle":{"dropped":1,"opened":2,\
    "wanted":2},"intervals":[{"deliveries":1500,"max":3000,"messages":500,"messagesPerSecond":500,\
    "opened":6,"p50":1000,"p99":3000,"seconds":1}],"late":3,"latency":{"count":2,"histogram":[[1000,1],\
    [3001,1]],"max":3001,"mean":2000.5,"min":1000,"p50":1000,"p90":3000,"p99":3000,"p999":3000,\
    "p9999":3000},"messages":1000,"messagesPerSecond":500,"rate":500,"receivedBytes":64000,"seconds":2,\
    "sendDelay":{"count":2,"histogram":[[1000,1],[3001,1]],"max":3001,"mean":2000.5,"min":1000,\
    "p50":1000,"p90":3000,"p99":3000,"p999":3000,"p9999":3000},"sentBytes":64000,\
    "server":{"cpuMicrosecondsPerMessage":750,"involuntarySwitchesPerMessage":0.25,\
    "peakResidentBytes":4096,"pid":7,"residentBytesPerConnection":512,"startResidentBytes":1024,\
    "systemSeconds":0.25,"threads":2,"userSeconds":0.5,"voluntarySwitchesPerMessage":0.5},\
    "slow":{"openAtEnd":1,"opened":1,"receivedBytes":4096,"wanted":1},"uncorrected":{"count":2,\
    "histogram":[[1000,1],[3001,1]],"max":3001,"mean":2000.5,"min":1000,"p50":1000,"p90":3000,\
    "p99":3000,"p999":3000,"p9999":3000},"unsent":2,"warnings":[{"generatorBusy":{"utilization":0.95}},\
    {"unsent":{"messages":2}}]}],"version":2,"wasInterrupted":false}

    """

  private static let csv = """
    trial,asked_rate,seconds,connections,slow_connections,slow_bytes,idle_connections,idle_dropped,\
    messages,messages_per_s,deliveries,deliveries_per_s,min_us,mean_us,p50_us,p90_us,p99_us,p999_us,\
    p9999_us,max_us,uncorrected_p99_us,late,unsent,fairness,generator_cpu_us_per_msg,\
    server_cpu_us_per_msg,server_cpu_us_per_delivery,server_peak_rss_bytes,errors
    1,500.0,2.0,6,1,4096,2,1,1000,500.0,3000,1500.0,1.0,2.0005,1.0,3.0,3.0,3.0,3.0,3.001,3.0,3,2,0.5,\
    500.0,750.0,0.25,4096,1

    """
}

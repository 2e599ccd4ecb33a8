// Sentences of the verdict on constructed results, and conclusions that it must not draw.

import Foundation
import Testing

@testable import ThrongReport

@Suite struct VerdictTests {
  private static let two = [Fixture.model("reactor"), Fixture.model("thread-per-client")]
  private static let three = two + [Fixture.model("thread-pool")]

  /// Models with the given CPU times; memory 1,700 and 15,600 bytes. The noise is a per cent.
  private func results(
    _ contenders: [Contender] = two, counts: [Int] = [10, 100, 1000], rounds: Int = 6,
    noise: Double = 0.01, cpu: (String, Int) -> Double
  ) -> CompareResults {
    Fixture.results(contenders, [Fixture.echo(counts)], rounds: rounds) {
      _, contender, connections, round, sample in
      let factor = 1 + noise * Double(round % 3 - 1) * (contender.id == "reactor" ? 1 : -1)
      Fixture.fill(
        &sample, cpu: cpu(contender.id, connections) * factor, connections: connections,
        memory: contender.id == "reactor" ? 1700 : 15_600,
        threads: contender.id == "thread-per-client" ? connections : 1)
      // Throughput of one saturated core, independent of the number of clients.
      sample.messagesPerSecond = 1e6 / (cpu(contender.id, connections) * factor)
      return true
    }
  }

  private func finding(_ metric: Metric, _ results: CompareResults) -> String {
    Verdict(results).workloads[0].findings.first { $0.metric == metric }?.text ?? ""
  }

  @Test func aDifferenceIsStatedWithRatioIntervalAndConfidence() {
    let results = results { id, _ in id == "reactor" ? 4 : 8 }
    let cpu = finding(.cpu, results)
    #expect(
      cpu.hasPrefix(
        "With 1,000 clients, reactor has the lowest CPU per message (4.00 µs, 250,000 msgs per CPU second);"
      ), "\(cpu)")
    #expect(cpu.contains("thread-per-client has 2.00 × that (1.9"))
    #expect(cpu.contains("reactor against thread-per-client: better at every number of clients."))
    #expect(finding(.throughput, results).contains("thread-per-client has 0.50 × that"))
    #expect(finding(.memory, results).contains("thread-per-client takes 15.2 KiB (9.18 ×)"))
    let verdict = Verdict(results)
    #expect(verdict.advice == "Use reactor for 64-byte echo." && !verdict.isInconclusive)
    #expect(
      verdict.evidence
        == "reactor needs 0.50 ± 0.01 of thread-per-client's CPU per message at 1,000 clients.")
    #expect(verdict.command == "throng serve --mode reactor")
    let strip = verdict.workloads[0].recommendations
    #expect(strip.map(\.connections) == [10, 100, 1000])
    #expect(strip.map(\.confidenceText) == ["97 %", "97 %", "97 %"])
  }

  @Test func equalsAreNotRankedAndTheSimplestIsRecommended() {
    let results = results { id, _ in id == "reactor" ? 4 : 4.04 }
    #expect(
      finding(.cpu, results)
        == "With 1,000 clients, reactor and thread-per-client cannot be told apart in CPU per message"
        + " (4.00 µs and 4.04 µs).")
    let verdict = Verdict(results)
    #expect(
      verdict.advice
        == "reactor and thread-per-client cannot be told apart; reactor is the simplest.")
    #expect(verdict.evidence == "")
    #expect(
      verdict.recommendation[0]
        == "For 64-byte echo, use reactor: with 1,000 clients, reactor and thread-per-client cannot be told"
        + " apart in CPU, and the simplest has the fewest threads (1).")
    #expect(
      verdict.workloads[0].recommendations[0].confidenceText
        == "cannot be told apart from thread-per-client")
  }

  @Test func equalsWithTheSameThreadsAreRecommendedTogether() {
    let models = Self.two + [Fixture.model("pool", "pool, 2 threads")]
    let results = results(models) { id, _ in id == "thread-per-client" ? 8 : 4 }
    let verdict = Verdict(results)
    #expect(verdict.advice == "Use reactor; or pool, 2 threads for 64-byte echo.")
    #expect(
      verdict.workloads[0].recommendations[0].confidenceText
        == "97 %; cannot be told apart")
  }

  @Test func onlyMeasuredNumbersOfClientsAreNamed() {
    // Equal at 1 client, better from 10 on; the other is better with 10,000 clients.
    let results = results(Self.three, counts: [1, 10, 100, 10_000]) { id, count in
      id == "reactor" || count == 1 ? 4 : id == "thread-pool" && count == 10_000 ? 3 : 8
    }
    #expect(
      finding(.cpu, results).hasSuffix(
        "thread-pool against reactor: better with 10,000 clients; worse with 10 and 100 clients; cannot be"
          + " told apart with 1 client. thread-pool against thread-per-client: better with 10,000 clients;"
          + " cannot be told apart with 1, 10 and 100 clients."), "\(finding(.cpu, results))")
  }

  @Test func numbersOfClientsThatWereNotComparedAreNamed() {
    var results = results(Self.three) { id, _ in id == "reactor" ? 4 : 8 }
    results.saturate("thread-per-client", 100)
    let throughput = finding(.throughput, results)
    #expect(
      throughput.contains(
        "reactor against thread-per-client: better with 10 and 1,000 clients; not compared with 100"
          + " clients. reactor against thread-pool: better at every number of clients."),
      "\(throughput)")
    // The generator does not affect the CPU time of the server.
    #expect(
      finding(.cpu, results).contains(
        "reactor against thread-per-client and thread-pool: better at every number of clients."))
  }

  @Test func aSingleContenderIsNotCompared() {
    let results = results([Self.two[0]]) { _, _ in 4 }
    let verdict = Verdict(results)
    #expect(verdict.advice == "Only reactor was measured; there is nothing to compare it with.")
    #expect(
      finding(.cpu, results)
        == "Only reactor was measured with 1,000 clients: 4.00 µs CPU per message.")
    #expect(verdict.recommendation[0].contains("no recommendation: reactor is the only one"))
    expectNoClaim(results)
  }

  @Test func oneRoundDecidesNothing() {
    let results = results(rounds: 1) { id, _ in id == "reactor" ? 4 : 40 }
    #expect(
      Verdict(results).advice == "Measured once: differences cannot be distinguished from noise.")
    #expect(
      finding(.cpu, results).hasSuffix(
        "measured once; differences cannot be distinguished from noise."))
    expectNoClaim(results)
  }

  @Test func aContenderMeasuredOnceIsExcluded() {
    var results = results(Self.three) { id, _ in id == "reactor" ? 4 : 8 }
    for index in results.cells.indices where results.cells[index].contender == "reactor" {
      results.cells[index].samples.removeLast(5)
    }
    #expect(
      finding(.cpu, results).hasPrefix(
        "With 1,000 clients (reactor excluded), thread-per-client and thread-pool cannot be told apart"
      )
    )
    #expect(Verdict(results).advice.hasPrefix("thread-pool and thread-per-client cannot be told"))
  }

  @Test func aFailedContenderIsReportedAndNotRecommended() {
    var results = results(Self.three) { id, _ in ["reactor": 4, "thread-pool": 6][id] ?? 8 }
    results.fail("reactor", 1000)
    let verdict = Verdict(results)
    #expect(verdict.workloads[0].remarks == ["reactor failed with 1,000 clients: it hung."])
    #expect(verdict.recommendation[0].contains("use thread-pool"))
    #expect(verdict.recommendation[0].contains("reactor is excluded because it failed"))
    #expect(
      finding(.cpu, results).contains(
        "With 1,000 clients, thread-pool has the lowest CPU per message"))
  }

  @Test func aSaturatedGeneratorAllowsNoClaimOnThroughputOrLatency() {
    var results = results { id, _ in id == "reactor" ? 4 : 8 }
    for (contender, count) in ["reactor", "thread-per-client"].flatMap({ id in
      [10, 100, 1000].map { (id, $0) }
    }) {
      results.saturate(contender, count)
    }
    for metric in [Metric.throughput, .p99] {
      #expect(finding(metric, results).hasPrefix("The load generator was the bottleneck; "))
    }
    #expect(finding(.cpu, results).contains("thread-per-client has 2.00 × that"))
    let verdict = Verdict(results)
    #expect(!verdict.recommendation[0].contains("throughput"))
    #expect(
      verdict.workloads[0].remarks == [
        "The load generator was the bottleneck with 10, 100 and 1,000 clients for reactor and"
          + " thread-per-client; throughput and latency there are not compared."
      ])
  }

  /// Saturated cells can be compared at equal load.
  @Test func latencyIsComparedAtEqualLoad() {
    var results = results { id, _ in id == "reactor" ? 4 : 8 }
    for index in results.cells.indices where results.cells[index].connections == 1000 {
      var load = EqualLoad(messagesPerSecond: 62_000)
      load.samples = results.cells[index].samples
      results.cells[index].equalLoad = load
    }
    results.saturate("reactor", 1000)
    results.saturate("thread-per-client", 1000)
    #expect(finding(.p99, results).hasPrefix("With 100 clients"))
    #expect(
      finding(.equalLoadP99, results).hasPrefix(
        "With 1,000 clients, reactor has the lowest p99 latency at equal load (8.40 ms);"))
    let text = Report(results).text()
    #expect(text.contains("\nat equal load, 62,000 msgs/s\nclients  contender"))
  }

  @Test func memoryBelowTheResolutionIsNoDivisor() {
    var results = results([Self.two[0], Fixture.peer("c-epoll")]) { _, _ in 4 }
    for index in results.cells.indices where results.cells[index].contender == "c-epoll" {
      for sample in results.cells[index].samples.indices {
        results.cells[index].samples[sample].residentBytesPerConnection = -3
      }
    }
    #expect(
      finding(.memory, results)
        == "With 1,000 clients, c-epoll has the lowest memory per connection (under 262 B); reactor takes"
        + " 1.66 KiB.")
  }

  @Test func modelsWithLowThroughputAreNotRecommended() {
    let verdict = Verdict(Fixture.full)
    #expect(
      verdict.advice
        == "Use reactor for 64-byte echo; thread-per-client for handlers that block for 1 ms.")
    #expect(verdict.recommendation[1].contains("reactor reaches 0.0080 × that"))
  }

  @Test func emptyResultsAreReported() {
    let results = Fixture.results(Self.two) { _, _, _, _, _ in false }
    #expect(Verdict(results).advice == "Nothing was measured.")
    expectNoClaim(results)
  }

  @Test func interruptionsAndOmittedContendersAreReported() {
    var results = Fixture.full
    results.wasInterrupted = true
    let text = Verdict(results).remarks.joined(separator: " ")
    #expect(text.contains("The comparison was interrupted"))
    #expect(text.contains("uvloop did not take part: uvloop is not installed"))
  }

  @Test func peersAloneAreComparedWithEachOther() {
    let results = results([Fixture.peer("mine"), Fixture.peer("other")]) { id, _ in
      id == "mine" ? 4 : 4.2
    }
    let verdict = Verdict(results)
    #expect(verdict.advice == "Use mine for 64-byte echo.")
    #expect(
      verdict.evidence == "mine needs 0.95 ± 0.01 of other's CPU per message at 1,000 clients.")
    #expect(verdict.command == "./mine --listen {port}")
  }

  // MARK: Inconclusive

  @Test func aBusyMachineAllowsNoVerdict() {
    var results = results { id, _ in id == "reactor" ? 4 : 8 }
    results.backgroundLoad = BackgroundLoad(otherProcesses: 0.19, hypervisor: 0.02)
    let verdict = Verdict(results)
    #expect(verdict.isInconclusive && verdict.advice == "Inconclusive: the machine was busy.")
    #expect(
      verdict.evidence.hasPrefix("Others used 21 % of the processor time (limit 20 %) and CPU per"))
    #expect(verdict.command == "")
    expectNoClaim(results)
    #expect(Report(results).html.contains("<h1>Inconclusive: the machine was busy.</h1>"))
    results.backgroundLoad = BackgroundLoad(otherProcesses: 0.19, hypervisor: 0.01)
    #expect(!Verdict(results).isInconclusive)
  }

  @Test func wideIntervalsAllowNoVerdict() {
    let results = results(noise: 0.16) { id, _ in id == "reactor" ? 4 : 40 }
    let verdict = Verdict(results)
    #expect(verdict.isInconclusive && verdict.advice.hasPrefix("Inconclusive: the results vary"))
    expectNoClaim(results)
    #expect(!Verdict(self.results(noise: 0.14) { _, _ in 4 }).isInconclusive)
  }

  // MARK: Text

  @Test(arguments: [80, 100, 132]) func theTextFitsATerminalWithoutControlCharacters(_ width: Int) {
    var results = Fixture.full
    results.contenders[0].label = "reactor\u{1b}[2J"
    let lines = Report(results, baseline: Fixture.baseline).text(width: width)
      .split(separator: "\n")
    #expect(lines.count > 50 && lines.allSatisfy { $0.count <= width })
    #expect(!lines.contains { $0.contains("\u{1b}") })
  }

  @Test func theVerdictAndTheCommandComeFirst() {
    let lines = Report(Fixture.full).text().split(separator: "\n")
    #expect(
      lines[0] == "Use reactor for 64-byte echo; thread-per-client for handlers that block for 1")
    #expect(lines.prefix(20).contains("clients  best model  confidence"))
    #expect(lines.prefix(20).contains("  throng serve --mode reactor"))
  }

  @Test func coloursAreUsedOnRequestOnly() {
    #expect(!Report(Fixture.full).text().contains("\u{1b}"))
    #expect(Report(Fixture.full).text(isColored: true).hasPrefix("\u{1b}[32mUse reactor"))
  }

  private func expectNoClaim(_ results: CompareResults) {
    let text = Report(results).text()
    for word in [" × ", "better", "lowest", "highest", "told apart", "least", "Use ", ", use "] {
      #expect(!text.contains(word), "\(word) in: \(text)")
    }
  }
}

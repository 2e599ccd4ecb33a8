// Sentences of the verdict on constructed results, and conclusions that it must not draw.

import Foundation
import Testing

@testable import ThrongReport

@Suite struct VerdictTests {
  private static let two = [Fixture.model("reactor"), Fixture.model("thread-per-client")]

  /// Two models with the given CPU times; memory 1,700 and 15,600 bytes. The noise is a per cent.
  private func results(
    _ contenders: [Contender] = two, counts: [Int] = [10, 100, 1000], rounds: Int = 5,
    cpu: (String, Int) -> Double
  ) -> CompareResults {
    Fixture.results(contenders, [Fixture.echo(counts)], rounds: rounds) {
      _, contender, connections, round, sample in
      let noise = 1 + 0.01 * Double(round % 3 - 1) * (contender.id == "reactor" ? 1 : -1)
      Fixture.fill(
        &sample, cpu: cpu(contender.id, connections) * noise, connections: connections,
        memory: contender.id == "reactor" ? 1700 : 15_600)
      // Throughput of one saturated core, independent of the number of clients.
      sample.messagesPerSecond = 1e6 / (cpu(contender.id, connections) * noise)
      return true
    }
  }

  private func finding(_ metric: Metric, _ results: CompareResults) -> String {
    Verdict(results).workloads[0].findings.first { $0.metric == metric }?.text ?? ""
  }

  @Test func aDifferenceIsStatedWithRatioAndInterval() {
    let results = results { id, _ in id == "reactor" ? 4 : 8 }
    let cpu = finding(.cpu, results)
    #expect(cpu.hasPrefix("With 1,000 clients, reactor has the lowest CPU per message (4.00 µs);"))
    #expect(cpu.contains("thread-per-client has 2.00 × that (1.9"))
    #expect(cpu.contains("reactor is better than thread-per-client at every number of clients."))
    #expect(finding(.throughput, results).contains("thread-per-client has 0.50 × that"))
    #expect(finding(.memory, results).contains("thread-per-client takes 15.2 KiB (9.18 ×)"))
    let verdict = Verdict(results)
    #expect(verdict.advice == "Use reactor for 64-byte echo.")
    #expect(
      verdict.evidence
        == "With 1,000 clients (64-byte echo), reactor needs 0.50 × the CPU and 1/9 of the memory of"
        + " thread-per-client.")
  }

  @Test func aTieIsStatedAsATie() {
    let results = results { id, _ in id == "reactor" ? 4 : 4.04 }
    let cpu = finding(.cpu, results)
    #expect(
      cpu
        == "With 1,000 clients, reactor and thread-per-client tie in CPU per message (4.00 µs and 4.04 µs)."
    )
    let recommendation = Verdict(results).recommendation[0]
    #expect(recommendation.contains("least memory per connection (1.66 KiB; thread-per-client"))
    #expect(!recommendation.contains("CPU"))
  }

  @Test func modelsWithoutADifferenceAreNotRanked() {
    var results = results { id, _ in id == "reactor" ? 4 : 4.04 }
    for index in results.cells.indices {
      for sample in results.cells[index].samples.indices {
        results.cells[index].samples[sample].residentBytesPerConnection = 1700
      }
    }
    let verdict = Verdict(results)
    #expect(verdict.advice == "The models do not differ significantly." && verdict.evidence == "")
    #expect(
      verdict.recommendation[0]
        == "For 64-byte echo, use any model: with 1,000 clients, reactor and thread-per-client do not differ"
        + " significantly.")
  }

  @Test func equalsAreRecommendedTogether() {
    let models = Self.two + [Fixture.model("pool", "pool, 2 threads")]
    var results = results(models) { id, _ in id == "thread-per-client" ? 8 : 4 }
    for index in results.cells.indices {
      for sample in results.cells[index].samples.indices {
        results.cells[index].samples[sample].residentBytesPerConnection = 1700
      }
    }
    #expect(Verdict(results).advice == "Use reactor; or pool, 2 threads for 64-byte echo.")
  }

  @Test func largeNoiseIsReported() {
    var results = results { _, _ in 4 }
    results.cells[0].samples[0].messagesPerSecond *= 9
    let remarks = Verdict(results).workloads[0].remarks
    #expect(remarks.count == 1)
    #expect(
      remarks[0].hasPrefix("Large noise in throughput: intervals wider than ±25 % in 1 of 6 cells"))
  }

  @Test func theEndOfATieIsStated() {
    // Equal at 10 clients, half as much at 1,000: the margin is passed soon after 10.
    let results = results { id, count in id == "reactor" || count == 10 ? 4 : 8 }
    let cpu = finding(.cpu, results)
    #expect(
      cpu.contains(
        "reactor is better than thread-per-client from about 11 clients on (between 10 and 100); with"
          + " fewer clients they tie."), "\(cpu)")
    #expect(Verdict(results).evidence.contains("they tie in CPU up to about 11 clients."))
  }

  @Test func theScopeOfAComparisonIsStated() {
    let models = Self.two + [Fixture.model("thread-pool")]
    var results = results(models) { id, _ in id == "reactor" ? 4 : 8 }
    results.saturate("thread-per-client", 100)
    let throughput = finding(.throughput, results)
    #expect(
      throughput.contains(
        "reactor is better than thread-per-client at every number of clients with a comparison"
          + " (10 and 1,000). reactor is better than thread-pool at every number of clients."),
      "\(throughput)")
    // The generator does not affect the CPU time of the server.
    #expect(
      finding(.cpu, results).contains(
        "reactor is better than thread-per-client and thread-pool at every number of clients."))
  }

  @Test func theEndOfATieAcrossMissingCellsIsARange() {
    var results = results(counts: [1, 10, 100, 1000]) { id, count in
      id == "reactor" || count < 1000 ? 4 : 8
    }
    results.saturate("reactor", 100)
    let throughput = finding(.throughput, results)
    #expect(
      throughput.contains(
        "reactor is better than thread-per-client from a point between 10 and 1,000 clients on (100 not"
          + " compared); with fewer clients they tie."), "\(throughput)")
    #expect(Verdict(results).evidence.contains("they tie in CPU up to about 110 clients."))
  }

  @Test func theEndOfATieNamesTheMissingCells() {
    var results = results(counts: [10, 100, 1000, 10_000]) { id, count in
      id == "reactor" || count == 10 ? 4 : 8
    }
    results.saturate("reactor", 1000)
    let throughput = finding(.throughput, results)
    #expect(
      throughput.contains(
        "from about 11 clients on (between 10 and 100; 1,000 not compared); with fewer clients they tie."
      ),
      "\(throughput)")
  }

  @Test func aCrossoverAcrossMissingCellsIsARange() {
    var results = results { id, count in
      id == "reactor" ? 4 : 4 * sqrt(sqrt(Double(count) / 100))
    }
    results.fail("reactor", 100)
    #expect(
      finding(.cpu, results).contains(
        "thread-per-client is better than reactor up to a point between 10 and 1,000 clients (100 not"
          + " compared) and worse above."), "\(finding(.cpu, results))")
  }

  @Test func rangesContainOnlyComparedNumbersOfClients() {
    var results = results(counts: [1, 10, 100, 1000, 10_000]) { id, count in
      id == "reactor" || count == 10_000 ? 4 : 8
    }
    results.fail("thread-per-client", 10)
    #expect(
      finding(.cpu, results).contains(
        "reactor is better than thread-per-client with 1, 100 and 1,000 clients; and reactor and"
          + " thread-per-client tie with 10,000 clients."), "\(finding(.cpu, results))")
  }

  @Test func aCrossoverIsStatedWithItsPosition() {
    let results = results { id, count in
      id == "reactor" ? 4 : 4 * sqrt(sqrt(Double(count) / 100))
    }
    #expect(
      finding(.cpu, results).contains(
        "thread-per-client is better than reactor up to about 100 clients (between 9"))
    #expect(Verdict(results).evidence.contains("thread-per-client needs less CPU up to about 100"))
  }

  @Test func aSingleContenderIsNotCompared() {
    let results = results([Self.two[0]]) { _, _ in 4 }
    let verdict = Verdict(results)
    #expect(verdict.advice == "Only reactor was measured; there is nothing to compare it with.")
    #expect(
      finding(.cpu, results)
        == "Only reactor was measured with 1,000 clients: 4.00 µs CPU per message.")
    #expect(verdict.recommendation[0].contains("no recommendation: reactor is the only model"))
    expectNoClaim(verdict)
  }

  @Test func oneRepeatDecidesNothing() {
    let results = results(rounds: 1) { id, _ in id == "reactor" ? 4 : 40 }
    let verdict = Verdict(results)
    #expect(verdict.advice == "Measured once: differences cannot be distinguished from noise.")
    #expect(
      finding(.cpu, results).hasSuffix(
        "measured once; differences cannot be distinguished from noise."))
    expectNoClaim(verdict)
  }

  @Test func aContenderMeasuredOnceIsExcluded() {
    var results = results(Self.two + [Fixture.model("thread-pool")]) { id, _ in
      id == "reactor" ? 4 : 8
    }
    for index in results.cells.indices where results.cells[index].contender == "reactor" {
      results.cells[index].samples.removeLast(4)
    }
    #expect(
      finding(.cpu, results).hasPrefix(
        "With 1,000 clients (reactor excluded), thread-per-client and thread-pool tie"))
    #expect(
      Verdict(results).recommendation[0].contains("thread-per-client and thread-pool do not"))
  }

  @Test func aFailedContenderIsReportedAndNotRecommended() {
    var results = results(Self.two + [Fixture.model("thread-pool")]) { id, _ in
      ["reactor": 4, "thread-pool": 6][id] ?? 8
    }
    let key = CellKey(workload: "echo-64", contender: "reactor", connections: 1000)
    results.withCell(key, command: "") { $0.failure = "the server ended with signal 11" }
    let verdict = Verdict(results)
    #expect(
      verdict.workloads[0].remarks == [
        "reactor failed with 1,000 clients: the server ended with signal 11."
      ])
    #expect(verdict.recommendation[0].contains("use thread-pool"))
    #expect(verdict.recommendation[0].contains("reactor is excluded because it failed"))
    let cpu = finding(.cpu, results)
    #expect(cpu.contains("With 1,000 clients, thread-pool has the lowest CPU per message"))
    // It is still compared at other numbers of clients.
    #expect(cpu.contains("With 100 clients, reactor has 0.67 × the CPU per message of thread-pool"))
  }

  @Test func aSaturatedGeneratorAllowsNoClaimOnThroughputOrLatency() {
    var results = results { id, _ in id == "reactor" ? 4 : 8 }
    for index in results.cells.indices {
      for sample in results.cells[index].samples.indices {
        results.cells[index].samples[sample].isSaturated = true
      }
    }
    for metric in [Metric.throughput, .p99] {
      #expect(
        finding(metric, results).hasPrefix("The load generator was the bottleneck; "))
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

  @Test func aSaturatedContenderIsExcluded() {
    var results = results(Self.two + [Fixture.model("thread-pool")]) { id, _ in
      ["reactor": 4, "thread-pool": 6][id] ?? 8
    }
    for index in results.cells.indices where results.cells[index].contender == "reactor" {
      results.cells[index].samples[0].isSaturated = true
    }
    #expect(
      finding(.throughput, results).hasPrefix(
        "With 1,000 clients (reactor excluded), thread-pool has the highest throughput"))
    #expect(Verdict(results).recommendation[0].contains("use reactor"))
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
    #expect(verdict.recommendation[1].contains("reactor 1/125 of it"))
  }

  @Test func emptyResultsAreReported() {
    let results = Fixture.results(Self.two) { _, _, _, _, _ in false }
    let verdict = Verdict(results)
    #expect(verdict.advice == "Nothing was measured.")
    expectNoClaim(verdict)
  }

  @Test func interruptionsAndOmittedContendersAreReported() {
    var results = Fixture.full
    results.wasInterrupted = true
    let text = Verdict(results).remarks.joined(separator: " ")
    #expect(text.contains("The comparison was interrupted"))
    #expect(text.contains("uvloop did not take part: uvloop is not installed"))
  }

  @Test func theTextFitsATerminalWithoutControlCharacters() {
    var results = Fixture.full
    results.contenders[0].label = "reactor\u{1b}[2J"
    let lines = Verdict(results).text.split(separator: "\n")
    #expect(lines.count > 20 && lines.allSatisfy { $0.count <= 100 })
    #expect(!lines.contains { $0.contains("\u{1b}") })
    // Wrapping keeps all words.
    let words = { (text: String) in text.split(whereSeparator: \.isWhitespace) }
    let verdict = Verdict(Fixture.full)
    #expect(words(verdict.text).starts(with: words(verdict.headline)))
  }

  private func expectNoClaim(_ verdict: Verdict) {
    for word in [" × ", "better", "lowest", "highest", "tie ", "least", "Use ", ", use "] {
      #expect(!verdict.text.contains(word), "\(word) in: \(verdict.text)")
    }
  }
}

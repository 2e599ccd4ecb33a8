// What the verdict says about results that were made to have one outcome, and what it must not say.

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
      // What the CPU allows, whatever the number of clients.
      sample.messagesPerSecond = 1e6 / (cpu(contender.id, connections) * noise)
      return true
    }
  }

  private func finding(_ metric: Metric, _ results: CompareResults) -> String {
    Verdict(results).workloads[0].findings.first { $0.metric == metric }?.text ?? ""
  }

  @Test func aClearWinIsSaidWithItsRatioAndItsInterval() {
    let results = results { id, _ in id == "reactor" ? 4 : 8 }
    let cpu = finding(.cpu, results)
    #expect(cpu.hasPrefix("With 1,000 clients, reactor has the lowest CPU per message (4.00 µs);"))
    #expect(cpu.contains("thread-per-client has 2.00 × (1.9"))
    #expect(cpu.contains("reactor is ahead of thread-per-client at every number of clients."))
    #expect(finding(.throughput, results).contains("thread-per-client has 0.50 ×"))
    #expect(finding(.memory, results).contains("thread-per-client takes 15.2 KiB (9.18 ×)"))
    let verdict = Verdict(results)
    #expect(verdict.advice == "Take reactor for 64-byte echo.")
    #expect(
      verdict.evidence
        == "With 1,000 clients (64-byte echo), reactor needs 0.50 × the CPU and 1/9 of the memory of"
        + " thread-per-client.")
  }

  @Test func aTieIsSaidAsATie() {
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

  @Test func modelsThatCannotBeToldApartAreNotRecommendedOneBeforeTheOther() {
    var results = results { id, _ in id == "reactor" ? 4 : 4.04 }
    for index in results.cells.indices {
      for sample in results.cells[index].samples.indices {
        results.cells[index].samples[sample].residentBytesPerConnection = 1700
      }
    }
    let verdict = Verdict(results)
    #expect(verdict.advice == "The models cannot be told apart." && verdict.evidence == "")
    #expect(
      verdict.recommendation[0]
        == "For 64-byte echo, take any: with 1,000 clients, reactor and thread-per-client cannot be told"
        + " apart.")
  }

  @Test func equalsAreRecommendedTogether() {
    let models = Self.two + [Fixture.model("pool", "pool, 2 threads")]
    var results = results(models) { id, _ in id == "thread-per-client" ? 8 : 4 }
    for index in results.cells.indices {
      for sample in results.cells[index].samples.indices {
        results.cells[index].samples[sample].residentBytesPerConnection = 1700
      }
    }
    #expect(Verdict(results).advice == "Take reactor; or pool, 2 threads for 64-byte echo.")
  }

  @Test func muchNoiseIsSaid() {
    var results = results { _, _ in 4 }
    results.cells[0].samples[0].messagesPerSecond *= 9
    let remarks = Verdict(results).workloads[0].remarks
    #expect(remarks.count == 1)
    #expect(
      remarks[0].hasPrefix("The noise is large in throughput: more than 25 % in 1 of 6 cells"))
  }

  @Test func aTieThatEndsIsSaidWithItsEnd() {
    // Equal at 10 clients, half as much at 1,000: the margin is passed soon after 10.
    let results = results { id, count in id == "reactor" || count == 10 ? 4 : 8 }
    let cpu = finding(.cpu, results)
    #expect(
      cpu.contains(
        "reactor is ahead of thread-per-client from about 11 clients on (between 10 and 100); with"
          + " fewer they tie."), "\(cpu)")
    #expect(Verdict(results).evidence.contains("they tie in CPU up to about 11 clients."))
  }

  @Test func whoIsAheadIsSaidOfTheNumbersThatWereCompared() {
    let models = Self.two + [Fixture.model("thread-pool")]
    var results = results(models) { id, _ in id == "reactor" ? 4 : 8 }
    results.saturate("thread-per-client", 100)
    let throughput = finding(.throughput, results)
    #expect(
      throughput.contains(
        "reactor is ahead of thread-per-client at every number of clients at which both can be compared"
          + " (10 and 1,000). reactor is ahead of thread-pool at every number of clients."),
      "\(throughput)")
    // The generator has no part in the CPU time of the server.
    #expect(
      finding(.cpu, results).contains(
        "reactor is ahead of thread-per-client and thread-pool at every number of clients."))
  }

  @Test func aTieThatEndsWhereNothingWasComparedEndsSomewhereBetween() {
    var results = results(counts: [1, 10, 100, 1000]) { id, count in
      id == "reactor" || count < 1000 ? 4 : 8
    }
    results.saturate("reactor", 100)
    let throughput = finding(.throughput, results)
    #expect(
      throughput.contains(
        "reactor is ahead of thread-per-client from somewhere between 10 and 1,000 clients on (100 not"
          + " compared); with fewer they tie."), "\(throughput)")
    #expect(Verdict(results).evidence.contains("they tie in CPU up to about 110 clients."))
  }

  @Test func aTieThatEndsIsSaidWithWhatWasNotComparedElsewhere() {
    var results = results(counts: [10, 100, 1000, 10_000]) { id, count in
      id == "reactor" || count == 10 ? 4 : 8
    }
    results.saturate("reactor", 1000)
    let throughput = finding(.throughput, results)
    #expect(
      throughput.contains(
        "from about 11 clients on (between 10 and 100; 1,000 not compared); with fewer they tie."),
      "\(throughput)")
  }

  @Test func aCrossoverWhereNothingWasComparedIsSomewhereBetween() {
    var results = results { id, count in
      id == "reactor" ? 4 : 4 * sqrt(sqrt(Double(count) / 100))
    }
    results.fail("reactor", 100)
    #expect(
      finding(.cpu, results).contains(
        "thread-per-client is ahead of reactor up to somewhere between 10 and 1,000 clients (100 not"
          + " compared), and behind from there on."), "\(finding(.cpu, results))")
  }

  @Test func aRangeOfClientsHoldsOnlyWhatWasCompared() {
    var results = results(counts: [1, 10, 100, 1000, 10_000]) { id, count in
      id == "reactor" || count == 10_000 ? 4 : 8
    }
    results.fail("thread-per-client", 10)
    #expect(
      finding(.cpu, results).contains(
        "reactor is ahead of thread-per-client with 1, 100 and 1,000 clients; and reactor and"
          + " thread-per-client tie with 10,000 clients."), "\(finding(.cpu, results))")
  }

  @Test func aCrossoverIsSaidWithItsPlace() {
    let results = results { id, count in
      id == "reactor" ? 4 : 4 * sqrt(sqrt(Double(count) / 100))
    }
    #expect(
      finding(.cpu, results).contains(
        "thread-per-client is ahead of reactor up to about 100 clients (between 9"))
    #expect(Verdict(results).evidence.contains("thread-per-client needs less CPU up to about 100"))
  }

  @Test func oneContenderIsComparedWithNobody() {
    let results = results([Self.two[0]]) { _, _ in 4 }
    let verdict = Verdict(results)
    #expect(verdict.advice == "Only reactor was measured: there is nothing to compare it with.")
    #expect(
      finding(.cpu, results)
        == "Only reactor was measured with 1,000 clients: 4.00 µs CPU per message.")
    #expect(verdict.recommendation[0].contains("no recommendation: reactor is the only model"))
    expectNoClaim(verdict)
  }

  @Test func oneRepeatDecidesNothing() {
    let results = results(rounds: 1) { id, _ in id == "reactor" ? 4 : 40 }
    let verdict = Verdict(results)
    #expect(verdict.advice == "Measured once: no difference can be told from noise.")
    #expect(
      finding(.cpu, results).hasSuffix("measured once: no difference can be told from noise."))
    expectNoClaim(verdict)
  }

  @Test func whoWasMeasuredOnceIsNotCounted() {
    var results = results(Self.two + [Fixture.model("thread-pool")]) { id, _ in
      id == "reactor" ? 4 : 8
    }
    for index in results.cells.indices where results.cells[index].contender == "reactor" {
      results.cells[index].samples.removeLast(4)
    }
    #expect(
      finding(.cpu, results).hasPrefix(
        "With 1,000 clients, reactor not counted, thread-per-client and thread-pool tie"))
    #expect(
      Verdict(results).recommendation[0].contains("thread-per-client and thread-pool cannot be"))
  }

  @Test func whoFailedIsNamedAndNotRecommended() {
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
    #expect(verdict.recommendation[0].contains("take thread-pool"))
    #expect(verdict.recommendation[0].contains("reactor is left out because it failed"))
    let cpu = finding(.cpu, results)
    #expect(cpu.contains("With 1,000 clients, thread-pool has the lowest CPU per message"))
    // Where it did not fail, it is still compared.
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
        finding(metric, results).hasPrefix("The generator was the bottleneck: nothing is said"))
    }
    #expect(finding(.cpu, results).contains("thread-per-client has 2.00 ×"))
    let verdict = Verdict(results)
    #expect(!verdict.recommendation[0].contains("throughput"))
    #expect(
      verdict.workloads[0].remarks == [
        "The generator was the bottleneck with 10, 100 and 1,000 clients for reactor and"
          + " thread-per-client: throughput and latency there are compared with nobody's."
      ])
  }

  @Test func oneSaturatedContenderIsNotCountedAmongTheRest() {
    var results = results(Self.two + [Fixture.model("thread-pool")]) { id, _ in
      ["reactor": 4, "thread-pool": 6][id] ?? 8
    }
    for index in results.cells.indices where results.cells[index].contender == "reactor" {
      results.cells[index].samples[0].isSaturated = true
    }
    #expect(
      finding(.throughput, results).hasPrefix(
        "With 1,000 clients, reactor not counted, thread-pool has the highest throughput"))
    #expect(Verdict(results).recommendation[0].contains("take reactor"))
  }

  @Test func memoryNextToNothingIsNoDivisor() {
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

  @Test func theModelsThatCollapseAreNotTakenHoweverLittleCPUTheyNeed() {
    let verdict = Verdict(Fixture.full)
    #expect(
      verdict.advice
        == "Take reactor for 64-byte echo; thread-per-client for handlers that block for 1 ms.")
    #expect(verdict.recommendation[1].contains("reactor 1/125 of it"))
  }

  @Test func nothingMeasuredIsSaid() {
    let results = Fixture.results(Self.two) { _, _, _, _, _ in false }
    let verdict = Verdict(results)
    #expect(verdict.advice == "Nothing was measured.")
    expectNoClaim(verdict)
  }

  @Test func anInterruptionAndWhoTookNoPartAreSaid() {
    var results = Fixture.full
    results.wasInterrupted = true
    let text = Verdict(results).remarks.joined(separator: " ")
    #expect(text.contains("The comparison was interrupted"))
    #expect(text.contains("uvloop took no part: uvloop is not installed"))
  }

  @Test func theTextFitsATerminalAndCannotSteerIt() {
    var results = Fixture.full
    results.contenders[0].label = "reactor\u{1b}[2J"
    let lines = Verdict(results).text.split(separator: "\n")
    #expect(lines.count > 20 && lines.allSatisfy { $0.count <= 100 })
    #expect(!lines.contains { $0.contains("\u{1b}") })
    // Nothing is lost between the lines.
    let words = { (text: String) in text.split(whereSeparator: \.isWhitespace) }
    let verdict = Verdict(Fixture.full)
    #expect(words(verdict.text).starts(with: words(verdict.headline)))
  }

  private func expectNoClaim(_ verdict: Verdict) {
    for word in [" × ", "ahead", "lowest", "highest", "tie ", "least", "take "] {
      #expect(!verdict.text.contains(word), "\(word) in: \(verdict.text)")
    }
  }
}

// Constructed results, the same in every run, with noise, a failed cell, missing cells, a saturated
// generator, and hostile names.

import Foundation
import ThrongLoad

@testable import ThrongReport

enum Fixture {
  static let hostileLabel = #"<script>alert("x")</script> & 'Söhne' "#
  static let counts = [1, 10, 100, 1000, 10_000]

  static func machine() -> Machine {
    Machine(
      cpuModel: "Example CPU <8> @ 3.0 GHz", cores: 4, memoryBytes: 16 << 30,
      kernel: "Linux 6.1.0 x86_64", operatingSystem: "Debian GNU/Linux 12 (bookworm)",
      limits: [Machine.Limit("open files", "1048576"), Machine.Limit("threads", "63000")],
      notes: ["a virtual machine: its host may take time from it"])
  }

  static func method(rounds: Int) -> ThrongReport.Method {
    ThrongReport.Method(
      seconds: 2, warmupSeconds: 0.5, repeats: rounds, serverProcessors: [0],
      generatorProcessors: [1], seed: 7)
  }

  static func model(_ id: String, _ label: String? = nil) -> Contender {
    Contender(
      id: id, label: label ?? id, kind: .model,
      command: "throng serve --quiet --handler echo --mode \(id) --port {port}",
      flags: ["--mode", id])
  }

  static func peer(_ id: String, _ label: String? = nil) -> Contender {
    Contender(id: id, label: label ?? id, kind: .peer, command: "./\(id) --listen {port}")
  }

  static func echo(_ counts: [Int] = counts, id: String = "echo-64") -> Workload {
    Workload(
      id: id, title: "64-byte echo",
      explanation: "Every message of 64 bytes comes back: what a model costs by itself.",
      kind: .echo, size: "64", connections: counts)
  }

  static func blocking(_ counts: [Int] = counts) -> Workload {
    Workload(
      id: "block-1ms", title: "handlers that block for 1 ms",
      explanation: "Each message blocks its thread: one loop serves one client at a time.",
      kind: .block(milliseconds: 1), size: "64", connections: counts,
      serverFlags: ["--block", "1ms"])
  }

  /// - Parameter fill: sets the values of a sample, or returns false for a cell that was not
  ///   measured.
  static func results(
    _ contenders: [Contender], _ workloads: [Workload] = [echo()], rounds: Int = 5,
    fill: (Workload, Contender, Int, _ round: Int, inout Sample) -> Bool
  ) -> CompareResults {
    var results = CompareResults(
      command: "throng compare --repeats \(rounds)",
      started: Date(timeIntervalSince1970: 1_790_000_000), machine: machine(),
      method: method(rounds: rounds), contenders: contenders, workloads: workloads)
    results.ended = Date(timeIntervalSince1970: 1_790_000_242)
    for workload in workloads {
      for connections in workload.connections {
        for contender in contenders {
          let key = CellKey(
            workload: workload.id, contender: contender.id, connections: connections)
          for round in 1...rounds {
            var sample = Sample(round: round, seconds: 2, messages: 0, messagesPerSecond: 0)
            guard fill(workload, contender, connections, round, &sample) else { continue }
            results.withCell(key, command: "throng compare --cell \(workload.id)/\(contender.id)") {
              $0.samples.append(sample)
            }
          }
        }
      }
    }
    return results
  }

  /// Values that follow from the CPU time per message on one core.
  static func fill(
    _ sample: inout Sample, cpu: Double, connections: Int, memory: Double, threads: Int = 1
  ) {
    let rate = min(1e6 / cpu, Double(connections) * 30_000)
    sample.messagesPerSecond = rate
    sample.messages = Int(rate * sample.seconds)
    sample.verifiedMessages = sample.messages
    sample.userMicrosecondsPerMessage = cpu * 0.125
    sample.systemMicrosecondsPerMessage = cpu * 0.875
    let roundTrip = Double(connections) / rate * 1e9
    sample.p50 = UInt64(roundTrip)
    sample.p99 = UInt64(roundTrip * 2.1)
    sample.p999 = UInt64(roundTrip * 3.3)
    sample.max = UInt64(roundTrip * 9)
    sample.residentBytesPerConnection = memory
    sample.peakResidentBytes = 6_000_000 + Int(memory) * connections
    sample.threads = threads
    sample.voluntarySwitchesPerMessage = 1 / Double(connections)
    sample.involuntarySwitchesPerMessage = 0.0004
    sample.fairness = 0.9991
    sample.generatorUtilization = 0.7
  }

  /// A noise factor of about 1.5 %, derived from the names.
  static func noise(_ parts: Any...) -> Double {
    var state: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in "\(parts)".utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
    state = (state ^ (state >> 31)) &* 0x9e37_79b9_7f4a_7c15
    return 1 + (Double(state >> 40) / Double(1 << 24) - 0.5) * 0.05
  }

  /// Six contenders, two workloads, five rounds, and all kinds of failures.
  static let full: CompareResults = {
    let contenders = [
      model("reactor"), model("reactor-all", "reactor (4 loops)"), model("thread-pool"),
      model("thread-per-client"), peer("c-epoll", "C epoll"), peer("harm", hostileLabel),
    ]
    var results = Self.results(contenders, [echo(), blocking()], fill: fullSample)
    var omitted = peer("uvloop")
    omitted.omitted = "uvloop is not installed (apt-get install python3-uvloop) & so it is left out"
    results.contenders.append(omitted)
    results.versions = [Version("throng", "0.1.0"), Version("gcc <C>", "12.2.0")]
    results.notes = ["the descriptor limit of 1048576 allows 10,000 connections & more"]
    let lost = CellKey(workload: "echo-64", contender: "thread-per-client", connections: 10_000)
    results.withCell(lost, command: "") {
      $0.failure = "the server ended with status 1 after 2 s: <cannot> start a thread & gave up"
    }
    for index in results.cells.indices where results.cells[index].contender == "reactor" {
      results.cells[index].systemCallsPerMessage = [
        "recvfrom": 1, "sendto": 1, "epoll_wait": 1 / Double(results.cells[index].connections),
      ]
    }
    return results
  }()

  /// As many contenders as `make compare-peers` has, close together, and noisy.
  static let crowded: CompareResults = {
    let names = [
      "C epoll", "C threads", "libuv", "SwiftNIO", "SwiftNIO async", "FlyingSocks", "tokio", "Go",
      "asyncio", "uvloop with a name that is too long for any label",
    ]
    let contenders =
      ["reactor", "reactor-all", "thread-pool", "thread-per-client"].map { model($0) }
      + names.enumerated().map { peer("peer-\($0.offset)", $0.element) }
    return results(contenders, [echo([1, 10, 100, 1000])], rounds: 3) {
      _, contender, connections, round, sample in
      let rank = Double(contenders.firstIndex { $0.id == contender.id } ?? 0)
      fill(
        &sample, cpu: (4.4 + rank * 0.12) * noise(contender.id, connections, round),
        connections: connections, memory: 1500 + 200 * rank)
      return true
    }
  }()

  /// The smallest comparison: two contenders, one number of clients, one round.
  static let smallest = results([model("reactor"), model("thread-pool")], [echo([50])], rounds: 1) {
    _, contender, connections, _, sample in
    fill(&sample, cpu: contender.id == "reactor" ? 4 : 5, connections: connections, memory: 1700)
    return true
  }

  /// A model and a peer with and without TLS; another peer without.
  static let secure: CompareResults = {
    var overTLS = echo([100], id: "echo-64-tls")
    overTLS.title = "64-byte echo over TLS"
    overTLS.plainWorkload = "echo-64"
    let contenders = [model("reactor"), peer("nio"), peer("plain")]
    return results(contenders, [echo([100]), overTLS]) {
      workload, contender, connections, round, sample in
      if workload.isSecure, contender.id == "plain" { return false }
      let added = workload.isSecure ? (cpu: 4.0, memory: 14_336.0) : (cpu: 0.0, memory: 0.0)
      fill(
        &sample, cpu: (4 + added.cpu) * noise(round), connections: connections,
        memory: 2048 + added.memory)
      guard workload.isSecure else { return true }
      let bits = contender.id == "nio" ? "128_GCM_SHA256" : "256_GCM_SHA384"
      sample.security = NegotiatedSecurity(version: "TLS 1.3", cipherSuite: "TLS_AES_\(bits)")
      return true
    }
  }()

  /// The content of results-1.json in this directory: every key of the format.
  static let stored: CompareResults = {
    var results = smallest
    results.workloads += [
      echo([50], id: "idle"), echo([50], id: "slow"), echo([50], id: "work"),
      echo([50], id: "churn"), echo([50], id: "fan-out"), blocking([50]),
    ]
    results.workloads[1].kind = .idle(connections: 500)
    results.workloads[2].kind = .slowClients(percent: 5)
    results.workloads[3].kind = .work(microseconds: 20)
    results.workloads[4].kind = .churn
    results.workloads[5].kind = .fanOut
    results.workloads[1].generatorFlags = ["--idle-connections", "500"]
    results.contenders.append(peer("gone"))
    results.contenders[2].omitted = "it could not be built"
    results.versions = [Version("throng", "0.1.0")]
    results.notes = ["a note"]
    results.wasInterrupted = true
    results.cells[0].systemCallsPerMessage = ["recvfrom": 1, "sendto": 1]
    results.cells[1].failure = "it hung"
    results.workloads[4].plainWorkload = "echo-64"
    results.contenders[2].tlsCommand = "./gone {port} {certificate} {key}"
    results.cells[0].samples[0].security = NegotiatedSecurity(
      version: "TLS 1.3", cipherSuite: "TLS_AES_128_GCM_SHA256")
    return results
  }()

  /// An earlier comparison in which thread-pool needed less CPU, C epoll more, and no cell failed.
  static let baseline: Baseline = {
    var before = full
    for index in before.cells.indices {
      let factors = ["thread-pool": 0.8, "c-epoll": 1.2]
      let factor: Double = factors[before.cells[index].contender] ?? 1
      for sample in before.cells[index].samples.indices {
        before.cells[index].samples[sample].userMicrosecondsPerMessage? *= factor
        before.cells[index].samples[sample].systemMicrosecondsPerMessage? *= factor
      }
      before.cells[index].failure = nil
    }
    return Baseline(before, now: full, tolerance: 0.1)
  }()

  private static func fullSample(
    _ workload: Workload, _ contender: Contender, _ connections: Int, _ round: Int,
    _ sample: inout Sample
  ) -> Bool {
    let size = Double(connections)
    let noise = noise(workload.id, contender.id, connections, round)
    var (cpu, memory, threads) = (4.5, 1700.0, 1)
    switch contender.id {
    case "reactor": cpu = 4.2 + 2.4 / size + 0.00008 * size
    case "reactor-all": (cpu, threads) = (4.4 + 2.4 / size + 0.00007 * size, 4)
    case "thread-pool": (cpu, threads) = (5.3 + 2.0 / size + 0.0001 * size, 4)
    case "thread-per-client":
      (cpu, memory, threads) = (3.5 + 1.8 * log10(size), 15_600, 1 + connections)
    case "harm":
      if connections > 1000 || workload.id != "echo-64" { return false }
      (cpu, memory) = (9 + 2 * log10(size), 5400)
    default: (cpu, memory) = (4.1 + 2.4 / size + 0.00008 * size, 12)
    }
    Self.fill(
      &sample, cpu: cpu * noise, connections: connections,
      memory: memory * (1 + 60 / size) * noise, threads: threads)
    if workload.id == "echo-64", contender.id == "reactor-all", connections >= 1000 {
      (sample.isSaturated, sample.generatorUtilization) = (true, 0.97)
    }
    if workload.id == "block-1ms" { block(&sample, contender.id, connections, noise) }
    return true
  }

  private static func block(
    _ sample: inout Sample, _ contender: String, _ connections: Int, _ noise: Double
  ) {
    let workers = contender == "thread-per-client" ? connections : (sample.threads ?? 1)
    sample.messagesPerSecond = min(Double(min(workers, connections)) * 940, 120_000) * noise
    sample.messages = Int(sample.messagesPerSecond * sample.seconds)
    sample.verifiedMessages = sample.messages
    let roundTrip = Double(connections) / sample.messagesPerSecond * 1e9
    (sample.p50, sample.p99) = (UInt64(roundTrip), UInt64(roundTrip * 1.3))
    (sample.p999, sample.max) = (UInt64(roundTrip * 1.9), UInt64(roundTrip * 3))
  }
}

extension CompareResults {
  /// The generator was the bottleneck in the cells of a contender at a number of connections.
  mutating func saturate(_ contender: Contender.ID, _ connections: Int) {
    for index in cells.indices
    where cells[index].contender == contender && cells[index].connections == connections {
      for sample in cells[index].samples.indices {
        cells[index].samples[sample].isSaturated = true
      }
    }
  }

  mutating func fail(_ contender: Contender.ID, _ connections: Int) {
    for index in cells.indices
    where cells[index].contender == contender && cells[index].connections == connections {
      cells[index].failure = "it hung"
    }
  }
}

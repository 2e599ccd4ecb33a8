// The plan of a comparison.

import TestSupport
import Testing
import ThrongReport

@testable import ThrongCompare

@Suite struct PlanTests {
  @Test func everyRoundHasEveryCellOnceInItsOwnOrder() throws {
    let options = ShortRun.options {
      $0.connections = [1, 2, 4, 8]
      $0.repeats = 4
    }
    let plan = try ShortRun.plan(options)
    let tasks = plan.tasks.filter { !$0.isAtEqualLoad }
    let rounds = (1...4).map { round in tasks.filter { $0.round == round }.map(\.id) }
    #expect(tasks.map(\.round) == tasks.map(\.round).sorted())
    for round in rounds {
      #expect(round.count == 16 && Set(round) == Set(rounds[0]))
    }
    #expect(Set(rounds).count == 4)
  }

  /// With the most clients only, and where messages can be sent on schedule.
  @Test func equalLoadFollowsTheOtherMeasurements() throws {
    let options = ShortRun.options {
      $0.connections = [1, 4]
      $0.repeats = 3
      $0.work = [.zero, .microseconds(20)]
      $0.measuresChurn = true
    }
    let tasks = try ShortRun.plan(options).tasks
    let equal = tasks.suffix(2 * 4 * 3)
    #expect(equal.allSatisfy { $0.isAtEqualLoad && $0.connections == 4 })
    #expect(!tasks.dropLast(equal.count).contains { $0.isAtEqualLoad })
    #expect(Set(equal.map(\.workload.id)) == ["echo-64", "work-20us"])
    let alone = try ShortRun.plan(ShortRun.options { $0.models = [.reactor] })
    #expect(!alone.tasks.contains { $0.isAtEqualLoad })
  }

  @Test func theLoadIsHalfOfWhatTheSlowestReaches() throws {
    let plan = try ShortRun.plan(ShortRun.options { $0.models = [.reactor, .threadPool] })
    let task = try #require(plan.tasks.first)
    var results = plan.results
    #expect(EqualLoadRate.of(task, results) == nil)
    for (contender, rate) in [("reactor", 90_000.0), ("thread-pool", 55_555)] {
      let key = CellKey(workload: "echo-64", contender: contender, connections: 2)
      results.withCell(key, command: "") {
        $0.samples = [Sample(round: 1, seconds: 1, messages: 1, messagesPerSecond: rate)]
      }
    }
    let rate = try #require(EqualLoadRate.of(task, results))
    #expect(rate == 27_000)
    #expect(plan.method.arguments(task, rate: rate).contains("27000"))
    // A resumed comparison goes on with the rate that it had.
    results.cells[0].equalLoad = EqualLoad(messagesPerSecond: 1234)
    #expect(EqualLoadRate.of(task, results) == 1234)
  }

  @Test func theOrderFollowsFromTheSeed() throws {
    func order(_ seed: UInt64) throws -> [String] {
      try ShortRun.plan(
        ShortRun.options {
          $0.connections = [1, 2, 4, 8]
          $0.seed = seed
        }
      ).tasks.map(\.id)
    }
    #expect(try order(7) == order(7))
    #expect(try order(7) != order(8))
  }

  @Test func cellsAboveTheDescriptorLimitAreOmittedAndReported() throws {
    let options = ShortRun.options { $0.connections = [10, 10_000] }
    let plan = try ShortRun.plan(options, limits: SystemLimits(descriptors: 4096, threads: 100_000))
    #expect(Set(plan.tasks.map(\.connections)) == [10])
    #expect(plan.results.workloads[0].connections == [10])
    #expect(
      plan.results.notes.contains(
        "10,000 connections are omitted: 10,256 descriptors needed, limit 4,096 (ulimit -Hn)."))
  }

  @Test func threadPerClientIsOmittedAboveTheThreadLimit() throws {
    let options = ShortRun.options { $0.connections = [10, 1_000] }
    let plan = try ShortRun.plan(options, limits: SystemLimits(descriptors: 4096, threads: 500))
    let threaded = plan.tasks.filter { $0.contender.id == "thread-per-client" }
    #expect(threaded.map(\.connections) == [10])
    #expect(plan.tasks.contains { $0.contender.id == "reactor" && $0.connections == 1_000 })
    #expect(
      plan.results.notes.contains {
        $0.hasPrefix("thread-per-client at 1,000 connections is omitted: 1,064 threads needed")
      })
  }

  @Test func aPlanWithoutCellsIsAnError() throws {
    let options = ShortRun.options { $0.connections = [10_000] }
    let error = #expect(throws: CompareError.self) {
      try ShortRun.plan(options, limits: SystemLimits(descriptors: 256, threads: 256))
    }
    let note =
      "10,000 connections are omitted: 10,256 descriptors needed, limit 256 (ulimit -Hn)."
    #expect(error == .nothingToMeasure(note))
  }

  @Test func coresAreHalvedWithTheirHardwareThreads() {
    func halves(_ cores: [[Int]]) -> [[Int]] {
      let plan = ProcessorPlan(cores: cores)
      return [plan.server, plan.generator]
    }
    #expect(halves([[0], [1]]) == [[0], [1]])
    #expect(halves([[0, 4], [1, 5], [2, 6], [3, 7]]) == [[0, 4, 1, 5], [2, 6, 3, 7]])
    #expect(halves([[0], [1], [2]]) == [[0], [1, 2]])
    #expect(halves([[0, 1]]) == [[0], [1]])
    #expect(halves([[3]]) == [[3], [3]])
  }

  @Test func sharedProcessorsAreReported() {
    let notes = ProcessorPlan(cores: [[3]]).notes
    #expect(
      notes.count == 1 && notes[0].hasPrefix("Server and load generator share processor 3"))
  }

  @Test func workIsMeasuredOnlyWhereOneThreadCanServeAllClients() throws {
    let options = ShortRun.options {
      $0.connections = [1, 100, 10_000]
      $0.work = [.zero, .microseconds(200)]
      $0.duration = .seconds(1)
    }
    let plan = try ShortRun.plan(options)
    #expect(plan.results.workloads.map(\.id) == ["echo-64", "work-200us"])
    #expect(plan.results.workloads.map(\.connections) == [[1, 100, 10_000], [1, 100]])
    #expect(
      plan.results.notes.contains {
        $0.hasPrefix("64-byte echo, 200us of work: 10,000 connections omitted")
      })
  }

  @Test func everyWorkloadHasItsFlagsAndAUniqueId() throws {
    let options = ShortRun.options {
      $0.connections = [1, 100]
      $0.sizes = ["64", "4096"]
      $0.depths = [1, 16]
      $0.work = [.zero, .microseconds(20)]
      $0.block = [.milliseconds(1)]
      $0.slowClients = [10]
      $0.idle = [1_000]
      $0.measuresChurn = true
      $0.measuresFanOut = true
    }
    let workloads = try ShortRun.plan(options).results.workloads
    #expect(Set(workloads.map(\.id)).count == 13)
    let flags = Dictionary(uniqueKeysWithValues: workloads.map { ($0.id, $0) })
    #expect(
      flags["work-20us-4096-depth-16"]?.serverFlags == ["--handler", "echo", "--work", "20us"])
    #expect(flags["block-1ms"]?.serverFlags == ["--handler", "echo", "--block", "1ms"])
    #expect(flags["slow-10"]?.generatorFlags == ["--slow-clients", "10"])
    #expect(flags["slow-10"]?.connections == [100])
    #expect(flags["idle-1000"]?.generatorFlags == ["--idle-connections", "1000"])
    #expect(flags["churn"]?.generatorFlags == ["--churn"])
  }

  @Test func peersTakePartWhereTheyCan() throws {
    let options = ShortRun.options {
      $0.peers = [FaultyPeer.none.choice()]
      $0.block = [.milliseconds(1)]
      $0.measuresChurn = true
    }
    let plan = try ShortRun.plan(options)
    let workloads = plan.tasks.filter { $0.contender.kind == .peer }.map(\.workload.id)
    #expect(Set(workloads) == ["echo-64", "churn"])
    #expect(plan.results.notes.contains { $0.hasPrefix("none does not take part in") })
  }

  @Test func everyWorkloadFollowsOverTLS() throws {
    let options = ShortRun.options {
      $0.certificate = ServerCertificate(certificatePath: "/my files/c.pem", keyPath: "k.pem")
      $0.models = [.reactor]
      $0.peers = [
        PeerChoice(name: "plain", command: "./x {port}"),
        PeerChoice(
          name: "both", command: "./y {port}", tlsCommand: "./z {port} {certificate} {key}"),
      ]
      $0.measuresChurn = true
    }
    let plan = try ShortRun.plan(options)
    let ids = plan.results.workloads.map(\.id)
    #expect(ids == ["echo-64", "churn", "echo-64-tls", "churn-tls", "churn-tls-resumed"])
    #expect(
      plan.results.workloads.map(\.plainWorkload) == [nil, nil, "echo-64", "churn", "churn"])
    let arguments = { (id: String) in plan.method.arguments(try #require(plan.task(id: id))) }
    let plain = try arguments("echo-64/reactor/2")
    #expect(!plain.contains { $0.contains("--tls") })
    let secure = try arguments("echo-64-tls/reactor/2")
    #expect(secure.contains("--tls") && !secure.contains("--tls-full-handshakes"))
    #expect(secure[2].hasSuffix("--tls-certificate '/my files/c.pem' --tls-key k.pem"))
    #expect(try arguments("churn-tls/reactor/2").contains("--tls-full-handshakes"))
    #expect(try !arguments("churn-tls-resumed/reactor/2").contains("--tls-full-handshakes"))
    #expect(try arguments("echo-64-tls/both/2")[2] == "./z {port} '/my files/c.pem' k.pem")
    #expect(plan.task(id: "echo-64-tls/plain/2") == nil)
    #expect(
      plan.results.notes.contains {
        $0.hasPrefix("plain does not take part in “64-byte echo over TLS”, because no command")
      })
  }

  @Test func aCommandDoesNotNameATemporaryCertificate() throws {
    let options = ShortRun.options {
      $0.certificate = ServerCertificate(
        certificatePath: "/proc/1/fd/3", keyPath: "/proc/1/fd/4", isTemporary: true)
    }
    let plan = try ShortRun.plan(options)
    let task = try #require(plan.task(id: "echo-64-tls/reactor/2"))
    #expect(plan.method.arguments(task)[2].contains("/proc/1/fd/3"))
    let command = plan.method.command(task)
    #expect(command.contains("--tls-certificate certificate.pem --tls-key key.pem"))
    #expect(!command.contains("/proc"))
  }

  @Test func namesOfPeersAreUnique() throws {
    let options = ShortRun.options {
      $0.peers = [PeerChoice(name: "Reactor", command: "./x {port}")]
    }
    let error = #expect(throws: CompareError.self) { try ShortRun.plan(options) }
    #expect(error == .duplicate(contender: "reactor"))
    #expect(CompareOptions.identifier("C, epoll (mine)") == "c-epoll-mine")
    #expect(CompareOptions.identifier("…") == "peer")
  }

  @Test func theQuickComparisonFitsIntoItsTime() throws {
    var options = CompareOptions(throng: "throng")
    options.makeQuick()
    #expect(options.repeats >= 6)
    #expect(try ShortRun.plan(options).expectedTime < .seconds(75))
  }

  @Test func theCommandOfACellIsQuotedForAShell() throws {
    let plan = try ShortRun.plan(ShortRun.options { $0.generatorProcessors = [0] })
    let task = try #require(plan.task(id: "echo-64/reactor/2"))
    let command = plan.method.command(task)
    #expect(command.hasPrefix("taskset -c 0 \(Shell.quoted(ThrongProgram.path)) bench --server '"))
    #expect(command.contains("--mode reactor --handler echo' --server-cpus "))
    #expect(Shell.quoted("it's") == "'it'\\''s'")
    #expect(Shell.quoted("") == "''")
  }

  /// Connects and disconnects of idle connections are no cost of a message.
  @Test func systemCallsOfIdleConnectionsAreSubtracted() throws {
    let plan = try ShortRun.plan(ShortRun.options { $0.idle = [500] })
    let task = try #require(plan.tasks.first { $0.workload.id == "idle-500" })
    let idle = plan.method.idleArguments(task, server: "x")
    #expect(idle.contains("--idle") && !idle.contains("--idle-connections"))
    #expect(idle[try #require(idle.firstIndex(of: "--connections")) + 1] == "502")
    let busy = plan.method.countingArguments(task, server: "x")
    #expect(busy[try #require(busy.firstIndex(of: "--connections")) + 1] == "2")
    #expect(busy[try #require(busy.firstIndex(of: "--idle-connections")) + 1] == "500")
  }

  @Test func theTableOfStraceIsParsed() {
    let table = """
      % time     seconds  usecs/call     calls    errors syscall
      ------ ----------- ----------- --------- --------- ----------------
       53.03    0.051462           5     10035           sendto
       40.01    0.038834           3     10040         5 recvfrom
      ------ ----------- ----------- --------- --------- ----------------
      100.00    0.097043           4     20075         5 total
      """
    #expect(SystemCallCounter.parse(table) == ["sendto": 10035, "recvfrom": 10040])
  }
}

// `throng compare`: files, exit statuses, interruption, regression.

import Foundation
import TestSupport
import Testing

@Suite(.blocking, .serialized) struct CompareTests {
  /// A comparison of one model, of half a second.
  private static let short = [
    "--models", "reactor", "--connections", "2", "--repeats", "2", "--duration", "300ms",
    "--warmup",
    "20ms", "--no-system-calls", "--seed", "5",
  ]

  private static func inDirectory(_ body: (String) throws -> Void) throws {
    let path = NSTemporaryDirectory() + "throng-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  private static func object(_ path: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(filePath: path))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  @Test func theReportIsWrittenAndTheTablePrinted() throws {
    try Self.inDirectory { directory in
      let ran = try ThrongProgram.run(["compare", "--output", directory] + Self.short)
      #expect(ran.end == .status(0), "\(ran.errors)")
      #expect(ran.output.contains("64-byte echo") && ran.output.contains("reactor"))
      #expect(ran.errors.contains("seed 5"))
      #expect(ran.errors.contains("64-byte echo, reactor, 2 connections, round 2: "))
      for name in ["index.html", "results.json", "results.csv", "charts/echo-64-cpu.svg"] {
        #expect(FileManager.default.fileExists(atPath: directory + "/" + name), "\(name)")
      }
      let results = try Self.object(directory + "/results.json")
      let cells = try #require(results["cells"] as? [[String: Any]])
      #expect((cells.first?["samples"] as? [Any])?.count == 2)
      #expect((results["command"] as? String)?.hasSuffix("--no-system-calls --seed 5") == true)
    }
  }

  @Test func anInterruptedComparisonIsReportedAndContinues() throws {
    try Self.inDirectory { directory in
      // More rounds than the test waits for.
      let flags = ["compare", "--output", directory] + Self.short + ["--repeats", "40"]
      let program = try Program(ThrongProgram.path, flags)
      defer { program.kill() }
      _ = try program.errors.wait(for: "round 2: ")
      program.send(SIGINT)
      #expect(try program.waitForEnd() == .status(130), "\(program.errors.text)")
      #expect(program.errors.text.contains("continue with --resume"))
      #expect(program.output.text.contains("64-byte echo"))
      #expect(FileManager.default.fileExists(atPath: directory + "/index.html"))
      let early = try Self.object(directory + "/results.json")
      #expect(early["wasInterrupted"] as? Bool == true)

      let refused = try ThrongProgram.run(flags + ["--resume", "--duration", "350ms"])
      #expect(refused.end == .status(1))
      #expect(
        refused.errors.contains(
          "is from another comparison: the duration in seconds was 0.3 and is 0.35"))
    }
  }

  @Test func earlierResultsAreKeptAndCanBeTheBaseline() throws {
    try Self.inDirectory { directory in
      let flags = ["compare", "--output", directory] + Self.short
      let (file, kept) = (directory + "/results.json", directory + "/results.previous.json")
      let first = try ThrongProgram.run(flags)
      #expect(!first.errors.contains("results.previous.json"))
      let before = try Data(contentsOf: URL(filePath: file))
      let again = try ThrongProgram.run(
        flags + ["--seed", "6", "--baseline", file, "--tolerance", "1000"])
      #expect(again.end == .status(0), "\(again.errors)")
      #expect(again.errors.contains("earlier results renamed to \(kept)\n"))
      #expect(again.output.contains("no regression beyond 1000 %"))
      #expect(try Data(contentsOf: URL(filePath: kept)) == before)
      #expect(try Data(contentsOf: URL(filePath: file)) != before)
    }
  }

  @Test func aBaselineOfOtherCellsEndsWithStatus1() throws {
    try Self.inDirectory { directory in
      let flags = ["compare", "--output", directory] + Self.short
      _ = try ThrongProgram.run(flags)
      let other = try ThrongProgram.run(
        flags + ["--connections", "1", "--baseline", directory + "/results.json"])
      #expect(other.end == .status(1), "\(other.errors)")
      #expect(other.output.contains("1 cell of the baseline was not measured now"))
      #expect(other.output.contains("No cell was measured in both runs"))
      #expect(!other.output.contains("no regression"))
    }
  }

  @Test func measuredCellsAreNotMeasuredAgain() throws {
    try Self.inDirectory { directory in
      let flags = ["compare", "--output", directory] + Self.short
      _ = try ThrongProgram.run(flags)
      let before = try Self.object(directory + "/results.json")
      let again = try ThrongProgram.run(flags + ["--resume"])
      #expect(again.end == .status(0), "\(again.errors)")
      #expect(!again.errors.contains("round 1: "))
      let after = try Self.object(directory + "/results.json")
      #expect(
        NSArray(array: before["cells"] as? [Any] ?? [])
          == NSArray(array: after["cells"] as? [Any] ?? []))
    }
  }

  @Test(arguments: [(1.0, Int32(0)), (3.0, 2)])
  func aRegressionEndsWithStatus2(_ factor: Double, _ status: Int32) throws {
    try Self.inDirectory { directory in
      let flags = ["compare", "--output", directory] + Self.short
      _ = try ThrongProgram.run(flags)
      let (file, baseline) = (directory + "/results.json", directory + "/baseline.json")
      // Equal rounds, so that there is no noise.
      try Self.rewrite(file, to: file, microsecondsOfMessage: 12 * factor)
      try Self.rewrite(file, to: baseline, microsecondsOfMessage: 12)
      let ran = try ThrongProgram.run(flags + ["--resume", "--baseline", baseline])
      #expect(ran.end == .status(status), "\(ran.output)\(ran.errors)")
      #expect(ran.output.contains(status == 2 ? "regression: reactor" : "no regression"))
    }
  }

  /// Copies the first sample to all rounds, with this CPU time per message.
  private static func rewrite(
    _ file: String, to other: String, microsecondsOfMessage: Double
  ) throws {
    var results = try object(file)
    var cells = try #require(results["cells"] as? [[String: Any]])
    let samples = try #require(cells[0]["samples"] as? [[String: Any]])
    cells[0]["samples"] = samples.indices.map { index in
      samples[0].merging([
        "round": index + 1, "userMicrosecondsPerMessage": microsecondsOfMessage / 4,
        "systemMicrosecondsPerMessage": microsecondsOfMessage * 3 / 4,
      ]) { $1 }
    }
    results["cells"] = cells
    try JSONSerialization.data(withJSONObject: results).write(to: URL(filePath: other))
  }

  @Test func aCellCanBeMeasuredAlone() throws {
    let list = try ThrongProgram.run(["compare", "--list"] + Self.short)
    #expect(list.end == .status(0))
    #expect(list.output.hasPrefix("echo-64/reactor/2\n  taskset -c "))
    #expect(list.output.contains("1 cells, 2 rounds: about "))
    let cell = try ThrongProgram.run(["compare", "--cell", "echo-64/reactor/2"] + Self.short)
    #expect(cell.end == .status(0), "\(cell.errors)")
    #expect(cell.output.contains("throughput") && cell.output.contains("msgs/s"))
  }

  @Test func theCostOfTLSIsReported() throws {
    try Self.inDirectory { directory in
      let ran = try ThrongProgram.run(["compare", "--tls", "--output", directory] + Self.short)
      #expect(ran.end == .status(0), "\(ran.errors)")
      #expect(ran.output.contains("64-byte echo over TLS"))
      #expect(ran.output.contains("cost of TLS: beside “64-byte echo” of the same contender"))
      #expect(ran.output.contains("negotiated: TLS 1.3, TLS_AES_256_GCM_SHA384"), "\(ran.output)")
      let page = try String(contentsOfFile: directory + "/index.html", encoding: .utf8)
      #expect(page.contains("Negotiated: TLS 1.3, TLS_AES_256_GCM_SHA384."))
      let results = try Self.object(directory + "/results.json")
      let cells = try #require(results["cells"] as? [[String: Any]])
      for cell in cells {
        let sample = try #require((cell["samples"] as? [[String: Any]])?.first)
        let isSecure = cell["workload"] as? String == "echo-64-tls"
        #expect((sample["security"] != nil) == isSecure)
      }
    }
  }

  @Test func aCellOverTLSCanBeMeasuredAlone() throws {
    let cell = try ThrongProgram.run(
      ["compare", "--tls", "--cell", "echo-64-tls/reactor/2"] + Self.short)
    #expect(cell.end == .status(0), "\(cell.errors)")
    #expect(cell.output.contains("throughput") && cell.output.contains("TLS 1.3, TLS_AES"))
  }

  @Test(
    arguments: [
      (["--connections", "1,,2"], 64, "a list has a value between any two commas"),
      (["--connections", "0"], 64, "give a whole number from 1 on"),
      (["--connections", "5,5"], 64, "5 is in the list twice"),
      (["--models", "reactors"], 64, "unknown model 'reactors' (use reactor, reactor-loops,"),
      (["--models", "none"], 64, "nothing to compare with --models none"),
      (["--models", "none,reactor"], 64, "--models none excludes other models"),
      (["--peer", "x"], 64, "invalid --peer (use NAME=COMMAND {port}"),
      (["--peer", "x=./server"], 64, "the command has no {port}"),
      (["--peer", "x='./server {port}"], 64, "unterminated quote"),
      (["--peer", "reactor=./server {port}"], 1, "duplicate contender 'reactor'"),
      (["--tls-certificate", "c.pem"], 64, "--tls-certificate requires --tls"),
      (["--tls", "--tls-key", "k.pem"], 64, "--tls-key requires --tls-certificate"),
      (["--tls-peer", "x=./server {port}"], 64, "no {certificate} or no {key} placeholder"),
      (
        ["--tls-peer", "x=./server {port} {certificate} {key}"], 64,
        "requires a --peer of the same name"
      ),
      (["--sizes", "big"], 64, "invalid --sizes (use bytes"),
      (["--work", "20"], 64, "a duration needs a unit"),
      (["--block", "0ms"], 64, "--block must be greater than 0, such as 1ms"),
      (["--work", "0.1us,0.2us"], 64, "--work must be whole microseconds"),
      (["--repeats", "1001"], 64, "--repeats must be at most 1000"),
      (["--slow-clients", "100"], 64, "--slow-clients must be greater than 0"),
      (["--duration", "0s"], 64, "--duration must be greater than 0"),
      (["--server-cpus", "x"], 64, "invalid processors 'x'"),
      (["--server-cpus", "999"], 1, "--server-cpus: processor 999 is not available"),
      (["--tolerance", "5"], 64, "--tolerance requires --baseline"),
      (["--list", "--cell", "x"], 64, "--list and --cell exclude each other"),
      (["--cell", "echo-64/reactor/3"], 1, "unknown cell 'echo-64/reactor/3'"),
      (["--resume", "--output", "/nonexistent"], 1, "cannot read /nonexistent/results.json"),
      (["--baseline", "/nonexistent.json"], 1, "cannot read /nonexistent.json"),
      (["--output", "/proc/none"], 1, "cannot write /proc/none"),
    ] as [([String], Int32, String)])
  func wrongUsageIsReportedWithARemedy(_ flags: [String], _ status: Int32, _ text: String) throws {
    let ran = try ThrongProgram.run(["compare"] + flags)
    #expect(ran.end == .status(status), "\(ran.errors)")
    #expect(ran.errors.contains(text), "\(ran.errors)")
    #expect(ran.output.isEmpty)
  }
}

// Counts system calls per message: a short run under strace(1), minus the calls of the same
// connections without traffic. Separate runs, because a tracer slows the server.
// Owned by the thread that runs the comparison.

import Glibc
import LinuxSystem
import SystemPackage
import ThrongLoad
import ThrongReport

package struct SystemCallCounter {
  let runner: CellRunner

  /// Calls per message below this are not caused by messages.
  private static let least = 0.005
  /// With fewer messages, those of the connections are not told apart from those of the messages.
  private static let fewestMessages = 300
  private static let limit = Duration.seconds(30)

  package init(_ runner: CellRunner) { self.runner = runner }

  /// Why system calls cannot be counted; nil if they can.
  package func problem() -> String? {
    let child = ChildProcess(
      program: "strace", arguments: ["-D", "-f", "-c", "-o", "/dev/null", "true"])
    do throws(Errno) {
      let outcome = try child.run(within: .seconds(5), runner.interruption)
      if outcome.end == .status(0) { return nil }
      let said = outcome.errors.split(separator: "\n").first.map { ": \($0)" } ?? ""
      return "strace is not permitted to trace\(said)"
    } catch .noSuchFileOrDirectory {
      return "strace not found (install strace)"
    } catch {
      return "cannot start strace: \(error)"
    }
  }

  /// System calls per message by name; nil when a run failed.
  package func count(_ task: CellTask) -> [String: Double]? {
    let file = "/tmp/throng-compare-\(getpid())-calls"
    defer { unlink(file) }
    let server =
      "strace -D -f -c -q -o \(file) " + runner.method.server(task)
    let limit = runner.method.startTimeout + Self.limit
    func calls(_ arguments: [String]) -> (counts: [String: Int], messages: Int)? {
      unlink(file)
      // strace writes its table after the server has exited.
      let ran = runner.run(arguments, within: limit, waitingForRest: .seconds(3))
      guard case .success(let outcome) = ran, let result = try? LoadResult(json: outcome.output),
        let run = result.runs.first, let table = TextFile.read(file)
      else { return nil }
      // Messages in flight at the end of the measured time were answered too.
      return (Self.parse(table), run.messages + task.connections * task.workload.depth)
    }
    let durations = [Duration.milliseconds(300), .seconds(3)]
    let busy = durations.lazy.compactMap { duration in
      calls(runner.method.countingArguments(task, server: server, duration: duration))
    }.first { $0.messages >= Self.fewestMessages }
    guard let busy, let idle = calls(runner.method.idleArguments(task, server: server)) else {
      return nil
    }
    var found: [String: Double] = [:]
    for (name, count) in busy.counts {
      let share = Double(count - idle.counts[name, default: 0]) / Double(busy.messages)
      if share >= Self.least { found[name] = share }
    }
    return found.isEmpty ? nil : found
  }

  /// Parses the table of `strace -c`: the fourth column is the number of calls, the last the name.
  static func parse(_ table: String) -> [String: Int] {
    var counts: [String: Int] = [:]
    for line in table.split(separator: "\n") {
      let columns = line.split(separator: " ")
      guard columns.count >= 5, Double(columns[0]) != nil, let calls = Int(columns[3]),
        let name = columns.last, name != "total"
      else { continue }
      counts[String(name), default: 0] += calls
    }
    return counts
  }
}

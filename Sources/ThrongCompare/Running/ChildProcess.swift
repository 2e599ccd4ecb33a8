// Runs a program to its end with a deadline: pinned, output captured, in its own process group, so
// that Ctrl-C reaches this process only.
// Owned by the thread that runs the comparison.

import CEpollShim
import Glibc
import SystemPackage
import ThrongLoad

struct ChildProcess {
  enum End: Equatable {
    case status(Int)
    case signal(Int)
    case deadline
    /// A stop of the comparison was requested.
    case interrupted
  }

  struct Outcome {
    var end: End
    var output = ""
    var errors = ""
  }

  let program: String
  let arguments: [String]
  /// Processors; nil: all that this process may use.
  var processors: [Int]?
  /// Environment entry by which descendants are identified; empty: none.
  var environmentTag = ""

  private static let terminationTime: UInt64 = 6_000_000_000
  private static let killTime: UInt64 = 2_000_000_000
  private static let maximumOutput = 64 << 20

  /// Runs the program.
  /// - Throws: `Errno` when it cannot be started.
  func run(within limit: Duration, _ interruption: StopRequest) throws(Errno) -> Outcome {
    var pipes = try Pipes()
    defer { pipes.close() }
    let pid = try spawn(&pipes)
    let exit = shim_pidfd_open(pid)
    defer { if exit >= 0 { _ = shim_close(exit) } }
    var watcher = ExitWatcher(pid: pid, exit: exit, pipes: pipes, interruption: interruption)
    var outcome = watcher.wait(
      until: Self.clock + UInt64(limit / .nanoseconds(1)), stopsOnRequest: true)
    if outcome == nil {
      // After SIGTERM the generator stops its server before it exits.
      let reason: End = interruption.isRequested ? .interrupted : .deadline
      kill(pid, SIGTERM)
      if watcher.wait(until: Self.clock + Self.terminationTime, stopsOnRequest: false) == nil {
        kill(pid, SIGKILL)
        _ = watcher.wait(until: Self.clock + Self.killTime, stopsOnRequest: false)
      }
      outcome = reason
    }
    return Outcome(
      end: outcome ?? .deadline, output: watcher.output.text, errors: watcher.errors.text)
  }

  private static var clock: UInt64 { shim_monotonic_nanoseconds() }

  // MARK: Starting

  private func spawn(_ pipes: inout Pipes) throws(Errno) -> pid_t {
    let before = Processors.ofThisThread
    if let processors { _ = Processors.restrict(to: processors) }
    defer { if processors != nil { _ = Processors.restrict(to: before) } }
    let pid = try Spawn.start(
      [program] + arguments, output: .descriptor(pipes.output.write),
      errors: .descriptor(pipes.errors.write), environment: environmentTag)
    pipes.closeWritingEnds()
    return pid
  }

  // MARK: Watching

  private struct ExitWatcher {
    let pid: pid_t
    let exit: CInt
    let pipes: Pipes
    let interruption: StopRequest
    var output = PipeOutput()
    var errors = PipeOutput()

    /// - Returns: how the program ended; nil when it still runs at the deadline or after a stop
    ///   request.
    mutating func wait(until deadline: UInt64, stopsOnRequest: Bool) -> End? {
      while true {
        readPipes()
        if let end = ended() {
          readPipes()
          return end
        }
        let stops = interruption.count
        let now = ChildProcess.clock
        // A second stop request ends the wait for a clean exit.
        if now >= deadline || (stopsOnRequest ? stops > 0 : stops > 1) { return nil }
        sleep(until: deadline, now)
      }
    }

    private mutating func readPipes() {
      output.read(pipes.output.read)
      errors.read(pipes.errors.read)
    }

    private func sleep(until deadline: UInt64, _ now: UInt64) {
      var entries = interruption.descriptors.map { Self.entry($0) }
      if exit >= 0 { entries.append(Self.entry(exit)) }
      if !output.hasEnded { entries.append(Self.entry(pipes.output.read)) }
      if !errors.hasEnded { entries.append(Self.entry(pipes.errors.read)) }
      // Without pidfd (Linux before 5.3), poll for the end.
      let most: UInt64 = exit >= 0 ? 1_000_000_000 : 10_000_000
      _ = poll(&entries, nfds_t(entries.count), CInt(min(deadline - now, most) / 1_000_000 + 1))
      interruption.clear()
    }

    private static func entry(_ descriptor: CInt) -> pollfd {
      pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    }

    private func ended() -> End? {
      var status: CInt = 0
      guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
      let signal = Int(status & 0x7f)
      return signal == 0 ? .status(Int(status >> 8 & 0xff)) : .signal(signal)
    }
  }

  /// Bytes received through a pipe.
  private struct PipeOutput {
    private var bytes: [UInt8] = []
    private(set) var hasEnded = false

    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func read(_ descriptor: CInt) {
      var part = [UInt8](repeating: 0, count: 65536)
      while !hasEnded {
        let count = shim_read(descriptor, &part, part.count)
        if count == 0 { hasEnded = true }
        guard count > 0 else { return }
        // Output beyond the limit is discarded.
        if bytes.count < ChildProcess.maximumOutput { bytes += part.prefix(count) }
      }
    }
  }
}

/// Pipes for standard output and standard error. The reading ends are non-blocking.
private struct Pipes {
  struct Ends {
    var read: CInt
    var write: CInt
  }
  private(set) var output: Ends
  private(set) var errors: Ends

  init() throws(Errno) {
    output = try Self.pipe()
    do throws(Errno) {
      errors = try Self.pipe()
    } catch {
      _ = shim_close(output.read)
      _ = shim_close(output.write)
      throw error
    }
  }

  mutating func closeWritingEnds() {
    for end in [output.write, errors.write] where end >= 0 { _ = shim_close(end) }
    output.write = -1
    errors.write = -1
  }

  mutating func close() {
    closeWritingEnds()
    _ = shim_close(output.read)
    _ = shim_close(errors.read)
  }

  private static func pipe() throws(Errno) -> Ends {
    var ends: [CInt] = [0, 0]
    let result = shim_pipe(&ends)
    guard result >= 0 else { throw Errno(rawValue: -result) }
    _ = shim_set_nonblocking(ends[0], 1)
    return Ends(read: ends[0], write: ends[1])
  }
}

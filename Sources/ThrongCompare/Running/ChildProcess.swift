// Runs a program to its end with a deadline: pinned, output captured, in its own process group, so
// that Ctrl-C reaches this process only.
// Owned by the thread that runs the comparison.

import Glibc
import LinuxSystem
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
    var output = try Pipe()
    var errors = try Pipe()
    let pid = try spawn(output, errors)
    output.closeWriteEnd()
    errors.closeWriteEnd()
    let exit = ProcessDescriptor(pid: pid)
    let exitDescriptor =
      switch exit {
      case .some(let exit): exit.descriptor
      case nil: CInt(-1)
      }
    var watcher = ExitWatcher(
      pid: pid, exit: exitDescriptor, output: PipeOutput(output.readEnd),
      errors: PipeOutput(errors.readEnd), interruption: interruption)
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

  private static var clock: UInt64 { MonotonicTime.now.nanoseconds }

  // MARK: Starting

  private func spawn(
    _ output: borrowing Pipe, _ errors: borrowing Pipe
  ) throws(Errno) -> pid_t {
    let before = Processors.ofThisThread
    if let processors { _ = Processors.restrict(to: processors) }
    defer { if processors != nil { _ = Processors.restrict(to: before) } }
    return try Spawn.start(
      [program] + arguments, output: .descriptor(output.writeEnd),
      errors: .descriptor(errors.writeEnd),
      environment: environmentTag.isEmpty ? [] : [environmentTag])
  }

  // MARK: Watching

  private struct ExitWatcher {
    let pid: pid_t
    let exit: CInt
    var output: PipeOutput
    var errors: PipeOutput
    let interruption: StopRequest

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
      output.read()
      errors.read()
    }

    private func sleep(until deadline: UInt64, _ now: UInt64) {
      var entries = interruption.descriptors.map { Self.entry($0) }
      if exit >= 0 { entries.append(Self.entry(exit)) }
      if !output.hasEnded { entries.append(Self.entry(output.descriptor)) }
      if !errors.hasEnded { entries.append(Self.entry(errors.descriptor)) }
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
    let descriptor: CInt
    private var bytes: [UInt8] = []
    private(set) var hasEnded = false

    init(_ descriptor: CInt) { self.descriptor = descriptor }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func read() {
      while !hasEnded, let part = try? Descriptor.read(descriptor, atMost: 65536) {
        hasEnded = part.isEmpty
        // Output beyond the limit is discarded.
        if bytes.count < ChildProcess.maximumOutput { bytes += part }
      }
    }
  }
}

// One attempt to hand a server's listeners over to a new process: it is started with them, and says through
// a pipe that it serves. Belongs to the thread inside `Server.run`.

import Glibc
import LinuxSystem
import SystemPackage

struct UpgradeAttempt: ~Copyable {
  enum Outcome: Equatable {
    case ready(pid_t)
    case failed(UpgradeFailure)
  }

  /// Until then the new process must serve.
  let deadline: MonotonicTime
  private let successor: Successor
  private let readiness: Pipe
  private let timeout: Duration

  /// - Parameter sockets: what the new process inherits; closed here afterwards.
  static func start(
    _ words: [String], passing sockets: consuming [PassedSocket], mask: SignalMask,
    timeout: Duration
  ) throws(UpgradeFailure) -> UpgradeAttempt {
    do throws(Errno) {
      var readiness = try Pipe()
      let passed = sockets.map {
        StartEnvironment.Passed(
          descriptor: $0.socket.descriptor, name: $0.name, isCompanions: $0.isCompanions)
      }
      let value = StartEnvironment.upgradeValue(
        process: getpid(), readiness: readiness.writeEnd, passed)
      var inheritance = Spawn.Inheritance()
      inheritance.descriptors = passed.map(\.descriptor) + [readiness.writeEnd]
      inheritance.mask = mask
      inheritance.group = true
      let successor = try Successor(
        words,
        environment: ["\(StartEnvironment.upgradeVariable)=\(value)", Watchdog.processVariable],
        inheriting: inheritance)
      readiness.closeWriteEnd()
      return UpgradeAttempt(successor, readiness, timeout)
    } catch {
      throw .cannotStart(words.first ?? "", error)
    }
  }

  private init(
    _ successor: consuming Successor, _ readiness: consuming Pipe, _ timeout: Duration
  ) {
    self.successor = successor
    self.readiness = readiness
    self.timeout = timeout
    deadline = .now + timeout
  }

  /// Readable when the new process serves or has ended.
  var descriptor: CInt { readiness.readEnd }

  /// Whether it is known how the attempt ends. A process that has failed is not waited for.
  func outcome(now: MonotonicTime) -> Outcome? {
    do throws(Errno) {
      if let bytes = try Descriptor.read(readiness.readEnd, atMost: 1) {
        return bytes.isEmpty
          ? .failed(.ended(successor.end(within: 1000))) : .ready(successor.pid)
      }
    } catch {
      return .failed(.ended(nil))
    }
    return now >= deadline ? .failed(.timedOut(after: timeout)) : nil
  }

  /// Ends a process that must not serve.
  func end() { successor.kill() }
}

/// Why an upgrade failed; the server goes on as it was.
enum UpgradeFailure: Error, Equatable, Sendable {
  /// The program cannot be started, or the system is short of what that needs.
  case cannotStart(String, Errno)
  /// The new process has ended, if it is known how.
  case ended(ProcessEnd?)
  /// The new process did not serve in time; it was killed.
  case timedOut(after: Duration)
  /// The server stops, and ends the process that was to take over.
  case stopping
}

extension UpgradeFailure: CustomStringConvertible {
  var description: String {
    switch self {
    case .cannotStart(let program, let error): "cannot start \(program): \(error.sentence)"
    case .ended(let status): "the new process ended before it served\(Self.explanation(status))"
    case .timedOut(let limit):
      "the new process did not serve within \(limit), and was killed (raise Configuration.upgradeTimeout)"
    case .stopping: "the server is stopping"
    }
  }

  private static func explanation(_ end: ProcessEnd?) -> String {
    switch end {
    case nil: ""
    case .status(let status): " (exit status \(status))"
    case .signal(let signal): " (signal \(signal))"
    }
  }
}

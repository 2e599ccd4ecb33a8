// Errors that prevent a benchmark: values with their figures. Any thread.

import LinuxSystem
import SystemPackage
import Throng

/// Why nothing could be measured. Faults of connections are part of the result instead.
public enum LoadError: Error, Equatable, Sendable {
  /// An option is outside of its range; times are in seconds.
  case outOfRange(LoadOption, Double, allowed: ClosedRange<Double>)
  /// The address of the server cannot be resolved.
  case unresolved(AddressError)
  /// More connections than the limit of open files allows.
  case tooManyConnections(wanted: Int, limit: Int)
  /// No process has the id that was given as the server's.
  case noSuchProcess(pid: Int)
  /// The server command cannot be measured.
  case command(ServerCommandError)
  /// No port of 127.0.0.1 is free.
  case noFreePort
  /// A load thread cannot be started (pthread_create(3)).
  case cannotStartThread(Errno)
  /// The event loop of a load thread cannot be made: epoll, an eventfd or a signalfd.
  case cannotMakeEventLoop(Errno)
  /// The event loop of a load thread could not go on.
  case eventLoop(EventLoopError)
}

/// How a process has ended.
public enum ProcessEnd: Equatable, Sendable, CustomStringConvertible {
  /// It exited with this status.
  case exited(Int)
  /// A signal killed it.
  case killed(signal: Int)

  /// "exited with status 3", "was killed by signal 9".
  public var description: String {
    switch self {
    case .exited(let status): "exited with status \(status)"
    case .killed(let signal): "was killed by signal \(signal)"
    }
  }
}

extension LoadError: CustomStringConvertible {
  /// The error in one sentence, with the remedy if it is outside of the options.
  public var description: String {
    switch self {
    case .outOfRange(let option, let value, let range):
      "\(option.rawValue) is \(Decimals.plain(value)), which is not between "
        + "\(Decimals.plain(range.lowerBound)) and \(Decimals.plain(range.upperBound))"
    case .unresolved(let error): "\(error)"
    case .tooManyConnections(let wanted, let limit):
      "\(wanted) connections exceed the limit of \(limit) open files (raise ulimit -n)"
    case .noSuchProcess(let pid): "no process has the id \(pid)"
    case .command(let error): error.description
    case .noFreePort: "no free port on 127.0.0.1 (wait until closed connections have expired)"
    case .cannotStartThread(let error):
      "cannot start a load thread: \(error.sentence) (\(Exhaustion.threads.remedy))"
    case .cannotMakeEventLoop(let error):
      "cannot make an event loop: \(error.sentence)"
        + (error.isExhaustion ? " (\(Exhaustion(error).remedy))" : "")
    case .eventLoop(let error): "cannot run the load generator: \(error)"
    }
  }
}

/// Why the server of a command cannot be measured.
public enum ServerCommandError: Error, Equatable, Sendable {
  /// The command is empty.
  case empty
  /// A quote in the command has no end.
  case unterminatedQuote(command: String)
  /// The command has no `{port}`, and no address is given.
  case noPort
  /// None of the processors that the server was to be pinned to exists.
  case noSuchProcessors([Int])
  /// Another process listens on the address.
  case addressInUse(SocketAddress)
  /// The program cannot be started (posix_spawn(3)).
  case cannotStart(program: String, Errno)
  /// The command ended before it listened.
  case ended(ProcessEnd, address: SocketAddress, command: String)
  /// The command ended, and another process listens on its address.
  case replaced(ProcessEnd, address: SocketAddress, command: String)
  /// The command does not listen.
  case silent(SocketAddress, after: Duration, command: String)
}

extension ServerCommandError: CustomStringConvertible {
  /// The error in one sentence.
  public var description: String {
    switch self {
    case .empty: "the server command is empty"
    case .unterminatedQuote(let command): "unterminated quote in the server command: \(command)"
    case .noPort: "the server command has no {port} placeholder, and no address is given"
    case .noSuchProcessors(let list):
      "none of the given processors exists: \(Processors.text(Set(list)))"
    case .addressInUse(let address):
      "address \(address) is already in use (stop the other server, or choose another port)"
    case .cannotStart(let program, let error):
      "cannot start '\(program)': \(error) (check the command)"
    case .ended(let end, let address, let command):
      "server command \(end) before it listened on \(address): \(command)"
    case .replaced(let end, let address, let command):
      "server command \(end), and another process listens on \(address): \(command)"
    case .silent(let address, let time, let command):
      "server command does not listen on \(address) after "
        + "\(Decimals.format(time / .seconds(1))) s: \(command)"
    }
  }
}

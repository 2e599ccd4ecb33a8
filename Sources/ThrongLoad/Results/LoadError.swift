// Errors that prevent a benchmark. Values; any thread.

import LinuxSystem
import SystemPackage
import Throng

/// Why nothing could be measured. Faults of connections are part of the result instead.
public enum LoadError: Error, Equatable, CustomStringConvertible {
  /// The options cannot be run; the reason as a sentence.
  case badOptions(String)
  /// The host name or socket path cannot be resolved.
  case cannotResolve(String)
  /// The descriptor limit is too low.
  case tooManyConnections(wanted: Int, limit: Int)
  /// The server cannot be started, does not listen, or does not exist.
  case server(String)
  /// A load thread cannot be started (pthread_create(3)).
  case cannotStartThread(Errno)
  /// The event loop of a load thread cannot be made: epoll, an eventfd or a signalfd.
  case cannotMakeEventLoop(Errno)
  /// The event loop of a load thread could not go on.
  case eventLoop(EventLoopError)
  /// A system call failed.
  case system(String)

  /// The error in one sentence with its remedy.
  public var description: String {
    switch self {
    case .badOptions(let text), .cannotResolve(let text), .server(let text), .system(let text): text
    case .tooManyConnections(let wanted, let limit):
      "\(wanted) connections exceed the limit of \(limit) open files"
        + " (use fewer --connections, or raise the limit with ulimit -n)"
    case .cannotStartThread(let error):
      "cannot start a load thread: \(error.sentence) (\(Exhaustion.threads.remedy))"
    case .cannotMakeEventLoop(let error):
      "cannot make an event loop: \(error.sentence)"
        + (error.isExhaustion ? " (\(Exhaustion(error).remedy))" : "")
    case .eventLoop(let error): "cannot run the load generator: \(error)"
    }
  }
}

// Errors that prevent a benchmark. Values; any thread.

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
  /// A system call failed.
  case system(String)

  /// The error in one sentence with its remedy.
  public var description: String {
    switch self {
    case .badOptions(let text), .cannotResolve(let text), .server(let text), .system(let text): text
    case .tooManyConnections(let wanted, let limit):
      "\(wanted) connections exceed the limit of \(limit) open files"
        + " (use fewer --connections, or raise the limit with ulimit -n)"
    }
  }
}

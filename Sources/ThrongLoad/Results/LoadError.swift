// Why a run did not begin.

/// Why nothing could be measured at all. What goes wrong with connections is in the result.
public enum LoadError: Error, Equatable, CustomStringConvertible {
  case badOptions(String)
  case cannotResolve(String)
  case tooManyConnections(wanted: Int, limit: Int)
  /// The command of `--server`, and why it does not serve.
  case server(String)
  case system(String)

  public var description: String {
    switch self {
    case .badOptions(let text), .cannotResolve(let text), .server(let text), .system(let text): text
    case .tooManyConnections(let wanted, let limit):
      "\(wanted) connections need more descriptors than the limit of \(limit) allows"
        + " (fewer --connections, or raise the limit with ulimit -n)"
    }
  }
}

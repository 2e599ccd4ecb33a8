// What the connections of a benchmark do: one case a kind of load, with the options that it has and no
// others. Values; any thread.

extension LoadOptions {
  /// What the connections do.
  public enum Workload: Sendable, Codable, Equatable {
    /// Messages that the server answers, on connections that stay open.
    case echo(EchoOptions)
    /// A new connection for each message.
    case churn(ChurnOptions)
    /// Connections that are opened and held without traffic.
    case idle(IdleOptions)
    /// One further connection sends lines, which the server sends to all connections.
    case fanOut(FanOutOptions)

    private enum EchoCodingKeys: String, CodingKey { case _0 = "options" }
    private enum ChurnCodingKeys: String, CodingKey { case _0 = "options" }
    private enum IdleCodingKeys: String, CodingKey { case _0 = "options" }
    private enum FanOutCodingKeys: String, CodingKey { case _0 = "options" }
  }
}

/// Messages and their replies.
public struct MessageOptions: Sendable, Codable, Equatable {
  /// Message sizes in bytes.
  public var sizes = MessageSizes.fixed(64)
  /// What the server answers to a message.
  public var reply = Reply.echo
  /// Length in bytes of a greeting that the server sends first on each connection. It is skipped.
  public var greeting = 0
  /// Whether every received byte is compared with the bytes sent.
  public var verifies = true

  /// Creates the default options: 64 bytes, echoed.
  public init() {}
}

/// What the server answers to a message.
public enum Reply: Sendable, Codable, Equatable {
  /// The same bytes (RFC 862).
  case echo
  /// One line for each line.
  case line
  /// A fixed number of bytes for each message.
  case bytes(Int)

  private enum BytesCodingKeys: String, CodingKey { case _0 = "count" }
}

/// Options of ``LoadOptions/Workload/echo(_:)``.
public struct EchoOptions: Sendable, Codable, Equatable {
  /// The messages.
  public var messages = MessageOptions()
  /// How messages follow each other.
  public var pacing = Pacing.closedLoop
  /// Messages in flight on each connection.
  public var depth = 1
  /// Share of the connections that read slowly, in per cent.
  public var slowReaders = 0.0
  /// Further connections that are opened and held without traffic.
  public var idleConnections = 0

  /// Creates the default options: a closed loop with one message in flight.
  public init() {}
}

/// How messages follow each other.
public enum Pacing: Sendable, Codable, Equatable {
  /// Each reply is followed by the next message.
  case closedLoop
  /// `rate` messages per second over all connections, sent on schedule regardless of the replies.
  case openLoop(rate: Double)
  /// Open loops in search of the highest rate at which a latency percentile stays within a bound.
  case search(LatencyBound)

  private enum SearchCodingKeys: String, CodingKey { case _0 = "bound" }
}

/// Upper bound of a latency percentile.
public struct LatencyBound: Sendable, Codable, Equatable {
  /// The percentile, between 0 and 100.
  public var percentile: Double
  /// The bound.
  @InSeconds public var limit: Duration

  /// Creates a bound, such as 2 ms at the 99th percentile.
  public init(percentile: Double, limit: Duration) {
    self.percentile = percentile
    self.limit = limit
  }
}

/// Options of ``LoadOptions/Workload/churn(_:)``.
public struct ChurnOptions: Sendable, Codable, Equatable {
  /// The messages.
  public var messages = MessageOptions()
  /// Further connections that are opened and held without traffic.
  public var idleConnections = 0

  /// Creates the default options.
  public init() {}
}

/// Options of ``LoadOptions/Workload/idle(_:)``.
public struct IdleOptions: Sendable, Codable, Equatable {
  /// Length in bytes of a greeting that the server sends first on each connection.
  public var greeting = 0

  /// Creates the default options.
  public init() {}
}

/// Options of ``LoadOptions/Workload/fanOut(_:)``.
public struct FanOutOptions: Sendable, Codable, Equatable {
  /// How lines follow each other.
  public enum Pacing: Sendable, Codable, Equatable {
    /// As many lines in flight: the next is sent when every receiver has received the oldest.
    case inFlight(Int)
    /// As many lines per second, sent on schedule.
    case rate(Double)

    private enum InFlightCodingKeys: String, CodingKey { case _0 = "lines" }
    private enum RateCodingKeys: String, CodingKey { case _0 = "rate" }
  }

  /// Length of a line in bytes, newline included.
  public var lineSize = 100
  /// How lines follow each other.
  public var pacing = Pacing.inFlight(1)
  /// First line of each connection, without its newline. `{n}` is replaced by the connection's number; the
  /// sender is 0.
  public var hello: String?
  /// Share of the receivers that do not read once they are members, in per cent.
  public var stalledReceivers = 0.0
  /// Whether every received byte is compared with the bytes sent.
  public var verifies = true

  /// Creates the default options: lines of 100 bytes, one in flight.
  public init() {}
}

extension LoadOptions.Workload {
  /// The options of all workloads side by side. What a workload does not have is at its neutral value.
  struct Parts {
    var messages = MessageOptions()
    /// Messages in flight on each connection; in a fan-out, in all.
    var depth = 1
    /// Requested messages per second; nil in a closed loop and in a search.
    var rate: Double?
    var bound: LatencyBound?
    /// Slow readers and stalled receivers, in per cent.
    var slowShare = 0.0
    var idleConnections = 0
    var fanOut: FanOutOptions?
    var isChurn = false
    var isIdle = false
  }

  var parts: Parts {
    var parts = Parts()
    switch self {
    case .echo(let echo):
      parts.messages = echo.messages
      parts.depth = echo.depth
      if case .openLoop(let rate) = echo.pacing { parts.rate = rate }
      if case .search(let bound) = echo.pacing { parts.bound = bound }
      parts.slowShare = echo.slowReaders
      parts.idleConnections = echo.idleConnections
    case .churn(let churn):
      parts.messages = churn.messages
      parts.idleConnections = churn.idleConnections
      parts.isChurn = true
    case .idle(let idle):
      parts.messages.greeting = idle.greeting
      parts.isIdle = true
    case .fanOut(let fanOut):
      switch fanOut.pacing {
      case .inFlight(let lines): parts.depth = lines
      case .rate(let rate): parts.rate = rate
      }
      parts.slowShare = fanOut.stalledReceivers
      parts.fanOut = fanOut
    }
    return parts
  }
}

// A workload: what the contenders have to do. Values; any thread.

/// What the contenders have to do.
public struct Workload: Sendable, Codable, Equatable, Identifiable {
  /// Short unique identifier: `echo-64`, `work-20us`.
  public var id: String
  /// Title: `64-byte echo`.
  public var title: String
  /// Explanation in one or two sentences.
  public var explanation: String
  /// Kind of the workload, with its parameter.
  public var kind: Kind
  /// Message size, as `throng bench --size` takes it.
  public var size: String
  /// Messages in flight on each connection.
  public var depth: Int
  /// Numbers of connections, ascending: the horizontal axis of the charts.
  public var connections: [Int]
  /// Flags added to the command of the server.
  public var serverFlags: [String]
  /// Flags added to the command of the generator.
  public var generatorFlags: [String]
  /// Id of the same workload without TLS; nil for a workload without TLS.
  public var plainWorkload: ID?

  /// Whether the connections use TLS.
  public var isSecure: Bool { plainWorkload != nil }

  /// Kinds of workloads.
  public enum Kind: Sendable, Codable, Equatable {
    /// The same bytes come back.
    case echo
    /// The handler computes for this time for each message.
    case work(microseconds: Double)
    /// The handler blocks its thread for this time for each message.
    case block(milliseconds: Double)
    /// This share of the clients, in per cent, reads slowly.
    case slowClients(percent: Double)
    /// This number of further connections is held without traffic.
    case idle(connections: Int)
    /// A new connection for each message.
    case churn
    /// The messages of one client go to all others; deliveries are counted.
    case fanOut
  }

  /// Creates a workload.
  public init(
    id: String, title: String, explanation: String, kind: Kind, size: String, depth: Int = 1,
    connections: [Int], serverFlags: [String] = [], generatorFlags: [String] = []
  ) {
    self.id = id
    self.title = title
    self.explanation = explanation
    self.kind = kind
    self.size = size
    self.depth = depth
    self.connections = connections
    self.serverFlags = serverFlags
    self.generatorFlags = generatorFlags
  }

  /// Number of open connections while `connections` are counted: including idle ones, and the
  /// sender of a fan-out. The server's memory is that of all of them.
  public func openConnections(_ connections: Int) -> Int {
    switch kind {
    case .idle(let held): connections + held
    case .fanOut: connections + 1
    case .echo, .work, .block, .slowClients, .churn: connections
    }
  }
}

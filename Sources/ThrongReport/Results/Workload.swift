// What the contenders are given to do.

public struct Workload: Sendable, Codable, Equatable, Identifiable {
  /// Short and unique: `echo-64`, `work-20us`.
  public var id: String
  /// `64-byte echo`.
  public var title: String
  /// One or two sentences: what is done, and what it tells apart.
  public var explanation: String
  public var kind: Kind
  /// Bytes of a message, as the generator's `--size` takes them.
  public var size: String
  /// Messages in flight on each connection.
  public var depth: Int
  /// The numbers of connections, ascending: the horizontal axis of the charts.
  public var connections: [Int]
  /// What the workload adds to the server's command, and to the generator's.
  public var serverFlags: [String]
  public var generatorFlags: [String]

  public enum Kind: Sendable, Codable, Equatable {
    case echo
    /// The handler computes so long for each message.
    case work(microseconds: Double)
    /// The handler blocks its thread so long for each message.
    case block(milliseconds: Double)
    /// So many of the clients, in per cent, read slowly.
    case slowClients(percent: Double)
    /// So many connections are held and say nothing beside those that are counted.
    case idle(connections: Int)
    /// A connection for each message.
    case churn
    /// A message of one client goes to all others; deliveries are what is counted.
    case fanOut
  }

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

  /// Of how many connections the server's memory is while so many are counted: with those that are held
  /// beside them, and in a fan-out with that of the speaker.
  public func openConnections(_ connections: Int) -> Int {
    switch kind {
    case .idle(let held): connections + held
    case .fanOut: connections + 1
    case .echo, .work, .block, .slowClients, .churn: connections
    }
  }
}

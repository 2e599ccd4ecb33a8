// One contender under one workload with one number of connections, measured in every round.

/// Which cell.
public struct CellKey: Sendable, Codable, Hashable {
  public var workload: Workload.ID
  public var contender: Contender.ID
  public var connections: Int

  public init(workload: Workload.ID, contender: Contender.ID, connections: Int) {
    self.workload = workload
    self.contender = contender
    self.connections = connections
  }
}

public struct Cell: Sendable, Codable, Equatable {
  public var workload: Workload.ID
  public var contender: Contender.ID
  public var connections: Int
  /// At most one of each round, by round.
  public var samples: [Sample] = []
  /// How many of each call a message costs; counted in a run of its own, nil when that was not possible.
  public var systemCallsPerMessage: [String: Double]?
  /// What went wrong, in a sentence. A cell with one is in no chart and in no verdict, whatever
  /// samples it has.
  public var failure: String?
  /// The command that measures this cell alone.
  public var command: String

  public init(_ key: CellKey, command: String) {
    workload = key.workload
    contender = key.contender
    connections = key.connections
    self.command = command
  }

  public var key: CellKey {
    CellKey(workload: workload, contender: contender, connections: connections)
  }

  /// The generator was the bottleneck in at least one sample: its throughput is a lower bound, and its
  /// latencies are partly the generator's. CPU per message and memory still hold.
  public var isSaturated: Bool { samples.contains(where: \.isSaturated) }
}

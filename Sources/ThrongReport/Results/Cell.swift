// A cell: one contender under one workload with one number of connections, measured in every round.
// Values; any thread.

/// Identifies a cell.
public struct CellKey: Sendable, Codable, Hashable {
  /// Id of the workload.
  public var workload: Workload.ID
  /// Id of the contender.
  public var contender: Contender.ID
  /// Number of connections.
  public var connections: Int

  /// Creates a key.
  public init(workload: Workload.ID, contender: Contender.ID, connections: Int) {
    self.workload = workload
    self.contender = contender
    self.connections = connections
  }
}

/// The measurements of a cell.
public struct Cell: Sendable, Codable, Equatable {
  /// Id of the workload.
  public var workload: Workload.ID
  /// Id of the contender.
  public var contender: Contender.ID
  /// Number of connections.
  public var connections: Int
  /// Samples, at most one for each round.
  public var samples: [Sample] = []
  /// The contenders under the same load; nil when it was not measured.
  public var equalLoad: EqualLoad?
  /// System calls per message by name, counted in a separate run; nil when that was not possible.
  public var systemCallsPerMessage: [String: Double]?
  /// Why the cell failed, in a sentence. A failed cell is in no chart and no finding, even with
  /// samples.
  public var failure: String?
  /// Command that measures this cell alone.
  public var command: String

  /// Creates a cell without samples.
  public init(_ key: CellKey, command: String) {
    workload = key.workload
    contender = key.contender
    connections = key.connections
    self.command = command
  }

  /// The key of the cell.
  public var key: CellKey {
    CellKey(workload: workload, contender: contender, connections: connections)
  }

  /// Whether the generator was the bottleneck in at least one sample. Throughput is then a lower
  /// bound, and latencies include delays of the generator; CPU per message and memory are not
  /// affected.
  public var isSaturated: Bool { samples.contains(where: \.isSaturated) }

  /// Whether the cell was measured without a failure.
  var isSound: Bool { failure == nil && !samples.isEmpty }
}

/// Measurements at a rate below what any contender can serve, the same for all of them.
public struct EqualLoad: Sendable, Codable, Equatable {
  /// Messages per second that the generator sent.
  public var messagesPerSecond: Double
  /// Samples, at most one for each round.
  public var samples: [Sample] = []

  /// Creates an entry without samples.
  public init(messagesPerSecond: Double) { self.messagesPerSecond = messagesPerSecond }
}

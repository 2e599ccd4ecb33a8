// What a comparison has measured: everything that the report is made from, and what results.json holds.
// The names here are the names there; docs/compare-json.md describes them. A change of their meaning
// needs a new `version`. A figure that was not measured is nil, and absent in the file.

import FoundationEssentials

/// The outcome of `throng compare`.
public struct CompareResults: Sendable, Codable, Equatable {
  public static let currentVersion = 1

  public var version = Self.currentVersion
  /// The command line that was given, as a shell takes it.
  public var command: String
  public var started: Date
  /// Nil while the comparison runs.
  public var ended: Date?
  /// Somebody has stopped it: the cells are those that were measured until then.
  public var wasInterrupted = false
  public var machine: Machine
  public var versions: [Version]
  public var method: Method
  /// In the order in which tables and charts show them.
  public var contenders: [Contender]
  public var workloads: [Workload]
  public var cells: [Cell]
  /// What a reader must know, in sentences: what was left out, and why.
  public var notes: [String]

  public init(
    command: String, started: Date, machine: Machine, versions: [Version] = [], method: Method,
    contenders: [Contender], workloads: [Workload], cells: [Cell] = [], notes: [String] = []
  ) {
    self.command = command
    self.started = started
    self.machine = machine
    self.versions = versions
    self.method = method
    self.contenders = contenders
    self.workloads = workloads
    self.cells = cells
    self.notes = notes
  }

  /// Nil when it was not measured.
  public subscript(key: CellKey) -> Cell? { cells.first { $0.key == key } }

  /// The cell of `key`, made when there is none yet, to add samples to.
  public mutating func withCell<Result>(
    _ key: CellKey, command: String, _ body: (inout Cell) throws -> Result
  ) rethrows -> Result {
    if let index = cells.firstIndex(where: { $0.key == key }) { return try body(&cells[index]) }
    cells.append(Cell(key, command: command))
    return try body(&cells[cells.count - 1])
  }

  public func contender(_ id: String) -> Contender? { contenders.first { $0.id == id } }

  public func workload(_ id: String) -> Workload? { workloads.first { $0.id == id } }
}

// Results of a comparison: everything the report is made from, and the content of results.json.
// Values; any thread.
// The property names are the names in the file (docs/compare-json.md); a change of their meaning
// needs a new `version`. Values that were not measured are nil, and absent in the file.

import FoundationEssentials

/// The results of `throng compare`.
public struct CompareResults: Sendable, Codable, Equatable {
  /// Version of the file format that this library reads and writes.
  public static let currentVersion = 1

  /// Version of the file format.
  public var version = Self.currentVersion
  /// The command line, quoted for a shell.
  public var command: String
  /// Start of the comparison.
  public var started: Date
  /// End of the comparison; nil while it runs.
  public var ended: Date?
  /// Whether the comparison was interrupted; the cells are those measured before.
  public var wasInterrupted = false
  /// The machine.
  public var machine: Machine
  /// Versions of Throng and of the peers.
  public var versions: [Version]
  /// How the cells were measured.
  public var method: Method
  /// The contenders, in the order of tables and charts.
  public var contenders: [Contender]
  /// The workloads, in the order of the report.
  public var workloads: [Workload]
  /// The cells measured so far.
  public var cells: [Cell]
  /// Processor time that others used during the comparison; nil when it is not known.
  public var backgroundLoad: BackgroundLoad?
  /// Remarks in sentences: what was not measured, and why.
  public var notes: [String]

  /// Creates results, usually without cells.
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

  /// The cell with a key; nil when it was not measured.
  public subscript(key: CellKey) -> Cell? { cells.first { $0.key == key } }

  /// Changes the cell with a key; creates it if it does not exist.
  public mutating func withCell<Result>(
    _ key: CellKey, command: String, _ body: (inout Cell) throws -> Result
  ) rethrows -> Result {
    if let index = cells.firstIndex(where: { $0.key == key }) { return try body(&cells[index]) }
    cells.append(Cell(key, command: command))
    return try body(&cells[cells.count - 1])
  }

  /// The contender with an id.
  public func contender(_ id: String) -> Contender? { contenders.first { $0.id == id } }

  /// The workload with an id.
  public func workload(_ id: String) -> Workload? { workloads.first { $0.id == id } }
}

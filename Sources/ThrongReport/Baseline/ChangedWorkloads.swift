// Workloads with the same id but different parameters in two runs; their cells cannot be compared.
// A value; any thread.

/// The differences between the workloads that both runs have.
struct ChangedWorkloads {
  /// Workload id, number of affected cells, and the differences: `size`, or `depth and server
  /// flags`.
  private let differences: [(id: Workload.ID, cells: Int, what: String)]

  init(_ baseline: CompareResults, _ now: CompareResults) {
    let keys = Set(baseline.cells.map(\.key))
    differences = now.workloads.compactMap { new in
      guard let old = baseline.workload(new.id), let what = Self.difference(old, new) else {
        return nil
      }
      let cells = now.cells.count { $0.workload == new.id && keys.contains($0.key) }
      return cells > 0 ? (new.id, cells, what) : nil
    }
  }

  /// The differences of a workload; nil when it is equal, or in one run only.
  subscript(id: Workload.ID) -> String? { differences.first { $0.id == id }?.what }

  var sentences: [String] {
    differences.map { id, cells, what in
      "\(cells) cell\(cells == 1 ? " is" : "s are") not compared, because \(id) had a different \(what) in the"
        + " baseline."
    }
  }

  /// Differences that affect the cells; titles and the numbers of connections do not.
  private static func difference(_ old: Workload, _ new: Workload) -> String? {
    let found = [
      ("size", old.size != new.size), ("depth", old.depth != new.depth),
      ("kind", old.kind != new.kind), ("server flags", old.serverFlags != new.serverFlags),
      ("generator flags", old.generatorFlags != new.generatorFlags),
    ].filter(\.1).map(\.0)
    return found.isEmpty ? nil : Phrase.list(found)
  }
}

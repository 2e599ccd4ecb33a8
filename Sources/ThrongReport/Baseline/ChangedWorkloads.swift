// Workloads that two runs call the same and that are not the same: their figures belong in no comparison.

/// What the workloads that both runs name differ in.
struct ChangedWorkloads {
  /// By the workload's id: `size`, or `depth and flags of the server`.
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

  /// In what it differs; nil when it is the same, or in one of the runs only.
  subscript(id: Workload.ID) -> String? { differences.first { $0.id == id }?.what }

  var sentences: [String] {
    differences.map { id, cells, what in
      "\(cells) cell\(cells == 1 ? " is" : "s are") not compared: in the baseline, \(id) differs in"
        + " \(what)."
    }
  }

  /// Not in what it is called or at how many connections it was measured: that bears on no cell.
  private static func difference(_ old: Workload, _ new: Workload) -> String? {
    let found = [
      ("size", old.size != new.size), ("depth", old.depth != new.depth),
      ("kind", old.kind != new.kind), ("flags of the server", old.serverFlags != new.serverFlags),
      ("flags of the generator", old.generatorFlags != new.generatorFlags),
    ].filter(\.1).map(\.0)
    return found.isEmpty ? nil : Phrase.list(found)
  }
}

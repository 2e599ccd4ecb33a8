// Whether the results of an interrupted run belong to what is asked for now.

import ThrongReport

extension ComparePlan {
  /// - Throws: what differs, in a sentence: samples of two configurations do not belong in one table.
  package func checkResuming(_ earlier: CompareResults, name: String) throws(CompareError) {
    guard let difference = difference(from: earlier) else { return }
    throw CompareError(
      "\(name) is of another comparison: \(difference) (give the same flags, or another --output)")
  }

  private func difference(from earlier: CompareResults) -> String? {
    let (old, new) = (earlier, results)
    func differ<Value: Equatable>(_ what: String, _ path: KeyPath<CompareResults, Value>) -> String?
    {
      old[keyPath: path] == new[keyPath: path]
        ? nil : "\(what) was \(old[keyPath: path]), and is \(new[keyPath: path])"
    }
    if let found = differ("the seed", \.method.seed)
      ?? differ("--duration in seconds", \.method.seconds)
      ?? differ("the warm-up in seconds", \.method.warmupSeconds)
      ?? differ("--repeats", \.method.repeats)
      ?? differ("--server-cpus", \.method.serverProcessors)
      ?? differ("--generator-cpus", \.method.generatorProcessors)
      ?? differ("the machine's processor", \.machine.cpuModel)
      ?? differ("the machine's kernel", \.machine.kernel)
    {
      return found
    }
    if let found = differ("the list of contenders", \.contenderIDs)
      ?? differ("the list of workloads", \.workloadIDs)
    {
      return found
    }
    for (old, new) in zip(old.contenders, new.contenders) where old != new {
      return "\(new.id) was started with '\(old.command)', and is with '\(new.command)'"
    }
    for (old, new) in zip(old.workloads, new.workloads) where old != new {
      return old.connections == new.connections
        ? "the workload \(new.id) is not what it was"
        : "--connections of \(new.id) were \(old.connections), and are \(new.connections)"
    }
    return old.versions == new.versions ? nil : "a contender has another version"
  }
}

extension CompareResults {
  fileprivate var contenderIDs: String { contenders.map(\.id).joined(separator: ", ") }
  fileprivate var workloadIDs: String { workloads.map(\.id).joined(separator: ", ") }
}

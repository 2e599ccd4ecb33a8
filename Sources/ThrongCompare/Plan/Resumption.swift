// Check that the results of an interrupted comparison belong to the requested one.

import ThrongReport

extension ComparePlan {
  /// Checks that earlier results can be continued.
  /// - Throws: ``CompareError`` with the first difference, because samples of two configurations
  ///   must not be mixed.
  package func checkResuming(_ earlier: CompareResults, name: String) throws(CompareError) {
    guard let difference = difference(from: earlier) else { return }
    throw .otherComparison(file: name, difference: difference)
  }

  private func difference(from earlier: CompareResults) -> String? {
    let (old, new) = (earlier, results)
    func differ<Value: Equatable>(_ what: String, _ path: KeyPath<CompareResults, Value>) -> String?
    {
      old[keyPath: path] == new[keyPath: path]
        ? nil : "\(what) was \(old[keyPath: path]) and is \(new[keyPath: path])"
    }
    if let found = differ("the seed", \.method.seed)
      ?? differ("the duration in seconds", \.method.seconds)
      ?? differ("the warm-up in seconds", \.method.warmupSeconds)
      ?? differ("the number of rounds", \.method.repeats)
      ?? differ("the list of the servers' processors", \.method.serverProcessors)
      ?? differ("the list of the load generator's processors", \.method.generatorProcessors)
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
      return "the command of \(new.id) was '\(old.command)' and is '\(new.command)'"
    }
    for (old, new) in zip(old.workloads, new.workloads) where old != new {
      return old.connections == new.connections
        ? "the workload \(new.id) has other parameters"
        : "the connections of \(new.id) were \(old.connections) and are \(new.connections)"
    }
    return old.versions == new.versions ? nil : "a contender has another version"
  }
}

extension CompareResults {
  fileprivate var contenderIDs: String { contenders.map(\.id).joined(separator: ", ") }
  fileprivate var workloadIDs: String { workloads.map(\.id).joined(separator: ", ") }
}

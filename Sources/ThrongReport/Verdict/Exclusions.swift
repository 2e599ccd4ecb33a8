// What is not in a workload's verdict, and why: failures, missing cells, a generator at its limit.

struct Exclusions {
  let workload: Workload
  let measurements: Measurements

  init(_ workload: Workload, _ measurements: Measurements) {
    self.workload = workload
    self.measurements = measurements
  }

  var sentences: [String] { failures + missing + saturated }

  private var takingPart: [Contender] {
    measurements.results.contenders.filter { $0.omitted == nil }
  }

  private func connections(_ contender: Contender, where holds: (Cell?) -> Bool) -> [Int] {
    workload.connections.filter { holds(measurements.cell(workload, contender, $0)) }
  }

  private var failures: [String] {
    takingPart.flatMap { contender in
      workload.connections.compactMap { connections in
        measurements.cell(workload, contender, connections)?.failure.map {
          "\(contender.label) failed with \(Phrase.clients(connections)): \($0)."
        }
      }
    }
  }

  private var missing: [String] {
    let missing = takingPart.map { contender in
      (
        contender.label,
        connections(contender) { $0.map { $0.samples.isEmpty && $0.failure == nil } ?? true }
      )
    }
    let absent = missing.filter { $0.1.count == workload.connections.count }.map(\.0)
    let sentences = missing.filter { !$0.1.isEmpty && $0.1.count < workload.connections.count }
      .map { "\($0.0) was not measured with \(Self.clients($0.1))." }
    return sentences + (absent.isEmpty ? [] : ["Not measured here: \(Phrase.list(absent))."])
  }

  private var saturated: [String] {
    takingPart.compactMap { contender in
      let saturated = connections(contender) { $0.map { $0.isSound && $0.isSaturated } ?? false }
      guard !saturated.isEmpty else { return nil }
      return "The generator was the bottleneck for \(contender.label) with"
        + " \(Self.clients(saturated)): its throughput and latency there are compared with nobody's."
    }
  }

  private static func clients(_ counts: [Int]) -> String {
    Phrase.list(counts.map(Quantity.count)) + (counts == [1] ? " client" : " clients")
  }
}

// Findings: what the measurements say about one metric of one workload, before it is put into words.
// `FindingSentences` makes the sentences. Values; any thread.

enum Finding: Sendable, Equatable {
  /// The order with the most clients at which two contenders can be compared. `excluded` have a lower
  /// bound, or a single round, there.
  case ranking(Ranking, excluded: [Contender])
  /// Values without a known difference.
  case undecided(Ranking)
  /// The best candidate compared with each other one, over the number of clients.
  case trends(Contender, [Trend])
  /// The generator was the bottleneck for every contender but one.
  case saturated
  /// Only one contender was measured.
  case single(Contender, connections: Int, value: String)
}

/// How a model compares with another one over the numbers of clients that were measured.
struct Trend: Sendable, Equatable {
  let rival: Contender
  private(set) var better: [Int] = []
  private(set) var worse: [Int] = []
  private(set) var indistinguishable: [Int] = []
  private(set) var notCompared: [Int] = []

  init(
    _ metric: Metric, _ workload: Workload, _ model: Contender, _ rival: Contender,
    _ measurements: Measurements
  ) {
    self.rival = rival
    for connections in workload.connections {
      let ratio = measurements.ratio(metric, workload, model, to: rival, connections)
      switch ratio?.outcome(floor: metric.floor) {
      case .less where metric.higherIsBetter, .more where !metric.higherIsBetter:
        worse.append(connections)
      case .less, .more: better.append(connections)
      case .indistinguishable: indistinguishable.append(connections)
      case .unknown, nil: notCompared.append(connections)
      }
    }
  }

  /// Whether there is a difference somewhere, and more than one number of clients.
  var isTelling: Bool {
    !(better + worse).isEmpty && better.count + worse.count + indistinguishable.count > 1
  }
}

/// Finds what can be said about a metric of a workload.
struct FindingSearch {
  let metric: Metric
  let workload: Workload
  let measurements: Measurements

  /// Empty when the metric was not measured.
  var findings: [Finding] {
    let contenders = measurements.contenders(in: workload)
    guard let ranking = Ranking.last(metric, workload, among: contenders, measurements) else {
      return notComparable(contenders)
    }
    guard ranking.isDecided else { return [.undecided(ranking)] }
    let isResolved = ranking.entries.contains {
      metric.isResolved($0.estimate.median, workload, ranking.connections)
    }
    guard isResolved else { return [] }
    let saturated = contenders.filter { contender in
      metric.suffersFromSaturation
        && measurements.soundCell(workload, contender, ranking.connections)?
          .isSaturated(metric) == true
    }
    let excluded = saturated + ranking.undecided.map(\.contender)
    return [.ranking(ranking, excluded: excluded)] + trends(ranking)
  }

  /// Of models that cannot be told apart, the first in the order of the tables is compared.
  private func trends(_ ranking: Ranking) -> [Finding] {
    let models = measurements.candidates(in: workload)
    guard
      let best = Ranking(metric, workload, ranking.connections, among: models, measurements),
      let first = models.first(where: { best.leads($0.id) })
    else { return [] }
    let trends = models.filter { $0.id != first.id }
      .map { Trend(metric, workload, first, $0, measurements) }.filter(\.isTelling)
    return trends.isEmpty ? [] : [.trends(first, trends)]
  }

  private func notComparable(_ contenders: [Contender]) -> [Finding] {
    for connections in workload.connections.reversed() {
      let measured = contenders.compactMap { contender in
        measurements.soundCell(workload, contender, connections)?.estimate(metric)
          .map { (contender, $0.median) }
      }
      guard let (contender, value) = measured.first else { continue }
      let text = metric.text(value, workload, connections)
      return measured.count > 1
        ? [.saturated] : [.single(contender, connections: connections, value: text)]
    }
    return []
  }
}

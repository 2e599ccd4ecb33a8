// How it was measured and computed, in sentences, from what was really done.

struct MethodText {
  let results: CompareResults

  init(_ results: CompareResults) { self.results = results }

  var sentences: [String] { [measuring, pinning, order, verifying, saturation] + statistics }

  private var method: Method { results.method }

  private var measuring: String {
    let repeats = method.repeats
    return "Each cell (a contender, a workload, a number of clients) runs in a process of its own:"
      + " \(seconds(method.warmupSeconds)) of load to warm up, then \(seconds(method.seconds)) that are"
      + " measured, \(repeats == 1 ? "once" : "\(repeats) times")."
  }

  private var pinning: String {
    let (server, generator) = (method.serverProcessors, method.generatorProcessors)
    guard !server.isEmpty, !generator.isEmpty else {
      return "Server and generator share the machine's cores and take time from each other."
    }
    return "The server is pinned to \(cores(server)), the generator to \(cores(generator))."
  }

  private var order: String {
    "The cells are interleaved: every round measures each of them once, in an order that is shuffled"
      + " anew (seed \(method.seed)), so that the machine's drift hits all alike."
  }

  private var verifying: String {
    method.verifies
      ? "Every byte that came back was compared with what it should be; a cell with a wrong one has failed."
      : "What came back was not compared with what it should be."
  }

  private var saturation: String {
    "Where the generator's busiest thread used more than"
      + " \(Quantity.percent(Sample.saturation)) of its core, it may have been the bottleneck: the"
      + " throughput is then a lower bound, and neither it nor the latency is compared with anybody's."
      + " CPU per message and memory still are."
  }

  private var statistics: [String] {
    [
      "Figures are medians over the rounds. Their 95 % intervals are, from six rounds on, those of"
        + " order statistics, which suppose nothing about the noise; with two to five rounds Student's"
        + " on the logarithms, which supposes noise that multiplies, because no two of so few values"
        + " enclose the median 95 times in 100. One round has no interval, and nothing is concluded"
        + " from it.",
      "Two contenders are compared round by round, by the median of the ratios. It is a tie when the"
        + " ratio's interval contains 1, or when the difference is under"
        + " \(Quantity.percent(Metric.throughput.floor)) in throughput or CPU or"
        + " \(Quantity.percent(Metric.p99.floor)) in latency or memory: so much the placement of code"
        + " alone can do. Of twenty ties one will look like a difference by chance.",
      "Memory per connection is what the server's resident set grew by; a difference under 256 KiB in"
        + " all is none. The kernel's own memory is not in it.",
      "Where one overtakes another is interpolated on the logarithm of the clients; its bounds are"
        + " where the interval of the ratio begins and ceases to contain 1.",
      "The model that is recommended is, with the most clients, the one that needs the least CPU per"
        + " message among those whose throughput is at least"
        + " \(Quantity.percent(Recommendation.throughputShare)) of the best and whose p99 is at most twice the"
        + " best; memory decides between those that tie. One that failed anywhere is not recommended.",
    ]
  }

  private func seconds(_ value: Double) -> String {
    Quantity.plain(Quantity.time(nanoseconds: value * 1e9))
  }

  private func cores(_ list: [Int]) -> String {
    "core\(list.count == 1 ? "" : "s") \(Phrase.list(list.map(String.init)))"
  }
}

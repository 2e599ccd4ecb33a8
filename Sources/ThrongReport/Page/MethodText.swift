// Description of the method, from the parameters that were used.

struct MethodText {
  let results: CompareResults

  init(_ results: CompareResults) { self.results = results }

  var sentences: [String] { [measuring, pinning] + order + security + statistics }

  private var method: Method { results.method }

  private var measuring: String {
    let repeats = method.repeats
    return "Each cell (contender, workload, number of clients) runs in a process of its own:"
      + " \(seconds(method.warmupSeconds)) of warm-up load, then \(seconds(method.seconds)) of measured"
      + " load, \(repeats == 1 ? "once" : "\(repeats) times")."
      + (method.verifies
        ? " Every received byte was verified; a cell with a wrong byte counts as failed."
        : " Received bytes were not verified.")
  }

  private var pinning: String {
    let (server, generator) = (method.serverProcessors, method.generatorProcessors)
    guard !server.isEmpty, !generator.isEmpty else {
      return "Server and load generator share the processors, so each slows the other."
    }
    return "The server is pinned to \(cores(server)), the load generator to \(cores(generator))."
  }

  private var order: [String] {
    [
      "The cells are interleaved: every round measures each cell once, in a newly shuffled order"
        + " (seed \(method.seed)), so that drift of the machine affects all contenders equally. A"
        + " measurement that fails is repeated once.",
      "If the busiest thread of the load generator used more than \(Quantity.percent(Sample.saturation))"
        + " of its core, the generator may have been the bottleneck: the throughput is a lower bound, and"
        + " throughput and latency of that cell are not compared. CPU per message and memory are not"
        + " affected.",
      "At equal load, each contender gets half of the messages per second that the slowest one reached"
        + " with the most clients, on schedule; the latency counts from the intended send time. CPU and"
        + " memory are those of the server's process and of all processes that it has started.",
    ]
  }

  private var security: [String] {
    guard results.workloads.contains(where: \.isSecure) else { return [] }
    return [
      "Workloads over TLS are compared with the same workload without it, round by round; nothing is"
        + " said about throughput and latency where the load generator was the bottleneck in one of both."
        + " It does not verify the certificate, which costs the server nothing, and resumes sessions"
        + " unless the workload is about full handshakes."
    ]
  }

  private var statistics: [String] {
    [
      "Values are medians over the rounds with 95 % confidence intervals. From six rounds on, the"
        + " interval is that of order statistics, without assumptions about the noise. With two to five"
        + " rounds it is Student's t on the logarithms, which assumes multiplicative noise. A single round"
        + " has no interval and allows no conclusion.",
      "Two contenders are compared round by round, by the median of the ratios. They cannot be told apart"
        + " if the interval of the ratio contains 1, or if the difference is below"
        + " \(Quantity.percent(Metric.throughput.floor)) in throughput or CPU or"
        + " \(Quantity.percent(Metric.p99.floor)) in latency or memory, which the placement of code alone"
        + " can cause. The confidence is that of a sign test over the rounds.",
      "The comparison is inconclusive if other processes and the hypervisor used more than"
        + " \(Quantity.percent(Noise.backgroundLimit)) of the processor time, or if half of the cells know"
        + " their CPU per message to no better than ±\(Quantity.percent(Noise.spreadLimit)).",
      "Memory per connection is the growth of the server's resident memory; differences below"
        + " \(Quantity.plain(Quantity.bytes(Metric.memory.totalResolution))) in total are not counted. Kernel"
        + " memory is not included.",
      "The recommended model is the one with the least CPU per message among those with at least"
        + " \(Quantity.percent(Recommendation.throughputShare)) of the best throughput and at most twice the"
        + " best p99; of models that cannot be told apart, the one with the fewest threads. A model with a"
        + " failed cell is not recommended.",
    ]
  }

  private func seconds(_ value: Double) -> String {
    Quantity.plain(Quantity.time(nanoseconds: value * 1e9))
  }

  private func cores(_ list: [Int]) -> String {
    "core\(list.count == 1 ? "" : "s") \(Phrase.list(list.map(String.init)))"
  }
}

// Results as text for a terminal. Any thread.

import LinuxSystem

extension LoadResult {
  /// The results as a table, followed by a sentence for each fault.
  public var text: String {
    var lines: [String] = []
    if maximum != nil {
      lines = searchLines
    } else {
      for (index, run) in runs.enumerated() {
        if runs.count > 1 { lines.append("run \(index + 1)") }
        lines += RunText(run, configuration).lines
      }
      if runs.count > 1 { lines += summaryLines }
    }
    if wasInterrupted {
      lines.append(
        runs.isEmpty
          ? "interrupted before any measurement"
          : "interrupted: results cover the time before the interruption")
    }
    for condition in failedConditions { lines.append("fail-if condition met: \(condition)") }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Fault sentences in the order of their kinds, without duplicates.
  public var faultSentences: [String] {
    var seen: Set<String> = []
    var sentences: [String] = []
    for fault in runs.flatMap(\.faults) where seen.insert(fault.first).inserted {
      sentences.append(fault.sentence)
    }
    return sentences
  }

  private var summaryLines: [String] {
    var lines = [
      "\(runs.count) runs: median (95 % confidence interval of the mean)"
    ]
    if let rate = summary["deliveriesPerSecond"] {
      lines.append(
        RunText.row("fan-out", text(rate) { Decimals.rate($0) + " deliveries/s" }))
    }
    if let rate = summary["messagesPerSecond"] {
      lines.append(RunText.row("throughput", text(rate) { Decimals.rate($0) + "/s" }))
    }
    for (name, key) in [("p50", "p50"), ("p99", "p99"), ("p99.9", "p999"), ("max", "max")] {
      guard let estimate = summary[key] else { continue }
      lines.append(RunText.row(name, text(estimate) { DurationText.format(nanoseconds: $0) }))
    }
    if let cpu = summary["serverCpuMicrosecondsPerDelivery"] {
      lines.append(
        RunText.row("server CPU", text(cpu) { Decimals.fixed($0, 2) + " us/delivery" }))
    } else if let cpu = summary["serverCpuMicrosecondsPerMessage"] {
      lines.append(RunText.row("server CPU", text(cpu) { Decimals.fixed($0, 2) + " us/message" }))
    }
    return lines
  }

  private func text(_ estimate: Estimate, _ format: (Double) -> String) -> String {
    guard let low = estimate.low, let high = estimate.high else { return format(estimate.median) }
    return "\(format(estimate.median))  (\(format(max(0, low))) to \(format(high)))"
  }

  private var searchLines: [String] {
    guard let maximum else { return [] }
    var lines = [" requested    measured       p50       p99"]
    for run in runs {
      let asked = run.rate.map { Decimals.rate($0) } ?? "closed"
      lines.append(
        [
          RunText.right(asked, 10),
          RunText.right(Decimals.rate(run.messagesPerSecond), 12),
          RunText.right(run.latency.map { RunText.time($0.p50) } ?? "-", 10),
          RunText.right(run.latency.map { RunText.time($0.p99) } ?? "-", 10),
        ].joined())
    }
    lines += runs.flatMap(\.faults).map(\.sentence)
    let exact = maximum.bound.percentile
    let percentile = exact == exact.rounded() ? "\(Int(exact))" : "\(exact)"
    let goal =
      "p\(percentile) within"
      + " \(DurationText.format(nanoseconds: maximum.bound.limit / .nanoseconds(1)))"
    if let latency = maximum.latency {
      lines.append(
        "maximum: \(Decimals.rate(maximum.rate)) messages/s with \(goal) (\(RunText.time(latency)))"
      )
    } else {
      lines.append("maximum: no tried rate has \(goal)")
    }
    return lines
  }
}

extension FaultSummary {
  /// Sentence of the first fault, with the number of further faults of its kind.
  public var sentence: String {
    guard count > 1, kind != .notServed else { return first }
    if kind.isOfMessages {
      return first + " (and \(count - 1) more message\(count == 2 ? "" : "s"))"
    }
    return first + " (and \(count - 1) more connection\(count == 2 ? "" : "s"))"
  }
}

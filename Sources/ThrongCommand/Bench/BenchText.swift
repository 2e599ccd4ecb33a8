// The result of `throng bench` as text: the runs, what they have in common, and a sentence for each fault.
// A value; any thread.

import LinuxSystem
import ThrongLoad

struct BenchText {
  private let result: LoadResult
  private let style: OutputStyle

  init(_ result: LoadResult, _ style: OutputStyle) {
    self.result = result
    self.style = style
  }

  var text: String {
    var lines: [String] = []
    if let maximum = result.maximum {
      lines = searchLines(maximum)
    } else {
      for (index, run) in result.runs.enumerated() {
        if result.runs.count > 1 { lines.append(style.bold("run \(index + 1)")) }
        lines += RunText(run, result.configuration, style).lines
      }
      if result.runs.count > 1 { lines += summaryLines }
    }
    if result.wasInterrupted {
      lines.append(
        result.runs.isEmpty
          ? "interrupted before any measurement"
          : "interrupted: results cover the time before the interruption")
    }
    lines += result.failedConditions.map { style.red("fail-if condition met: \($0)") }
    return lines.joined(separator: "\n") + "\n"
  }

  private var summaryLines: [String] {
    let us: (Double) -> String = { "\(Decimals.fixed($0, 2)) µs" }
    let time: (Double) -> String = { DurationText.format(nanoseconds: $0) }
    let rows: [(title: String, key: String, format: (Double) -> String)] = [
      ("fan-out", "deliveriesPerSecond", { Decimals.rate($0) + " deliveries/s" }),
      ("throughput", "messagesPerSecond", { Decimals.rate($0) + " msgs/s" }),
      ("p50", "p50", time), ("p99", "p99", time), ("p99.9", "p999", time), ("max", "max", time),
      ("server CPU", "serverCpuMicrosecondsPerDelivery", { us($0) + "/delivery" }),
      ("server CPU", "serverCpuMicrosecondsPerMessage", { us($0) + "/msg" }),
    ]
    let title = "\(result.runs.count) runs: median (95 % confidence interval of the median)"
    return [style.bold(title)]
      + rows.flatMap { row -> [String] in
        guard let estimate = result.summary[row.key] else { return [] }
        var text = row.format(estimate.median)
        if let low = estimate.low, let high = estimate.high {
          text += "  (\(row.format(max(0, low))) to \(row.format(high)))"
        }
        return style.row(row.title, [text])
      }
  }

  private func searchLines(_ maximum: MaximumRate) -> [String] {
    let widths = [10, 12, 10, 10]
    func row(_ cells: [String]) -> String {
      zip(cells, widths).map { OutputStyle.right($0, $1) }.joined()
    }
    var lines = [row(["requested", "measured", "p50", "p99"])]
    lines += result.runs.map { run in
      row([
        run.rate.map { Decimals.rate($0) } ?? "closed", Decimals.rate(run.messagesPerSecond),
        run.latency.map { RunText.time($0.p50) } ?? "-",
        run.latency.map { RunText.time($0.p99) } ?? "-",
      ])
    }
    lines += result.runs.flatMap(\.faults).map { style.red($0.sentence) }
    let goal =
      "p\(Decimals.plain(maximum.bound.percentile)) within "
      + DurationText.format(nanoseconds: maximum.bound.limit / .nanoseconds(1))
    guard let latency = maximum.latency else {
      return lines + [style.bold("maximum: no tried rate has \(goal)")]
    }
    let rate = "\(Decimals.rate(maximum.rate)) msgs/s"
    return lines + [style.bold("maximum: \(rate) with \(goal) (\(RunText.time(latency)))")]
  }
}

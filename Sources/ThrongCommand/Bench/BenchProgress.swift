// Progress of `throng bench` on standard error: one line per second; on a terminal, with a bar and redrawn
// in place. Main thread.

import ThrongLoad

final class BenchProgress: LoadObserver {
  private let style = OutputStyle.standardError

  func runBegins(_ number: Int, of count: Int?, rate: Double?) {
    if count == 1 { return }
    let position = count.map { "\(number) of \($0)" } ?? "\(number)"
    let requested = rate.map { ", \(Decimals.rate($0)) msgs/s" } ?? ""
    StandardError.write("run \(position)\(requested)")
  }

  func interval(_ interval: IntervalResult, of options: LoadOptions) {
    let line = Self.line(interval, options)
    guard style.isTerminal else { return StandardError.write(line) }
    let share = min(1, interval.seconds / (options.duration / .seconds(1)))
    let filled = Int(share * 20)
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled)
    // A line that the terminal breaks could not be redrawn in place.
    let text = "[\(bar)] \(line)".prefix(style.width - 1)
    StandardError.draw("\r\u{1b}[K\(text)" + (share < 1 ? "" : "\n"))
  }

  static func line(_ interval: IntervalResult, _ options: LoadOptions) -> String {
    let seconds = interval.seconds
    var line = "\(Decimals.fixed(seconds, seconds == seconds.rounded() ? 0 : 1)) s: "
    if case .idle = options.workload { return line + "\(interval.opened) connections held" }
    line += "\(Decimals.rate(interval.messagesPerSecond)) msgs/s"
    if let deliveries = interval.deliveries { line += ", \(deliveries) deliveries" }
    if let p50 = interval.p50, let p99 = interval.p99, let max = interval.max {
      let times = [p50, p99, max].map { DurationText.format(nanoseconds: Double($0)) }
      line += ", p50 \(times[0]), p99 \(times[1]), max \(times[2])"
    }
    return line
  }
}

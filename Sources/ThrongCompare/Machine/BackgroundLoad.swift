// Processor time used by other processes and by the hypervisor during a comparison: the most
// frequent cause of wide intervals and long tails.

import Glibc
import LinuxSystem
import ThrongLoad

/// Measures the load since its creation. Owned by the thread that runs the comparison.
struct BackgroundLoad {
  private let start = Times.now
  private let ownStart = Self.ownSeconds

  /// Share of the processor time above which the load is reported.
  private static let reportingThreshold = 0.03

  /// A remark about background load; nil when it was small.
  var note: String? {
    guard let start, let end = Times.now, end.total > start.total else { return nil }
    let total = end.total - start.total
    let others = max(0, (end.busy - start.busy) - (Self.ownSeconds - ownStart)) / total
    let stolen = (end.stolen - start.stolen) / total
    var parts: [String] = []
    if others > Self.reportingThreshold {
      parts.append("other processes used \(Self.percent(others)) of the processor time")
    }
    if stolen > Self.reportingThreshold {
      parts.append("the hypervisor used \(Self.percent(stolen))")
    }
    guard !parts.isEmpty else { return nil }
    let sentence = parts.joined(separator: " and ")
    return """
      Background load: \(sentence) during the comparison. It widens the intervals and raises p99 and \
      p99.9; CPU time per message and memory are affected least.
      """
  }

  /// CPU time of this process and of its finished children.
  private static var ownSeconds: Double {
    Double(CPUTime.ofThisProcessAndChildren) / 1e9
  }

  private static func percent(_ share: Double) -> String {
    "\(Int((share * 100).rounded())) %"
  }

  /// The first line of /proc/stat (proc(5)), in seconds.
  private struct Times {
    let busy: Double
    let stolen: Double
    let total: Double

    static var now: Times? {
      guard let line = TextFile.line("/proc/stat"), line.hasPrefix("cpu ") else { return nil }
      let ticks = line.split(separator: " ").dropFirst().compactMap { Double($0) }
      guard ticks.count >= 8 else { return nil }
      let second = Double(sysconf(Int32(_SC_CLK_TCK)))
      // user, nice, system, idle, iowait, irq, softirq, steal; guests are in user already.
      let busy = ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]
      let total = busy + ticks[3] + ticks[4] + ticks[7]
      return Times(busy: busy / second, stolen: ticks[7] / second, total: total / second)
    }
  }
}

// Processor time used by other processes and by the hypervisor during a comparison: the most
// frequent cause of wide intervals and long tails.

import Glibc
import LinuxSystem
import ThrongLoad
import ThrongReport

/// Measures the load of some processors since its creation. Owned by the thread that runs the
/// comparison.
struct BackgroundLoadMeter {
  private let processors: Set<Int>
  private let start: Times
  private let ownStart = Self.ownSeconds

  init(_ processors: Set<Int>) {
    self.processors = processors
    start = Times(processors)
  }

  /// The load so far; nil when it is not known.
  var load: BackgroundLoad? {
    let end = Times(processors)
    let total = end.total - start.total
    guard total > 0 else { return nil }
    let others = max(0, (end.busy - start.busy) - (Self.ownSeconds - ownStart))
    return BackgroundLoad(
      otherProcesses: others / total, hypervisor: max(0, end.stolen - start.stolen) / total)
  }

  /// CPU time of this process and of its finished children.
  private static var ownSeconds: Double { Double(CPUTime.ofThisProcessAndChildren) / 1e9 }

  /// Sums over processors from /proc/stat (proc(5)), in seconds.
  private struct Times {
    var busy = 0.0
    var stolen = 0.0
    var total = 0.0

    init(_ processors: Set<Int>) {
      let second = Double(sysconf(Int32(_SC_CLK_TCK)))
      for line in (TextFile.read("/proc/stat") ?? "").split(separator: "\n") {
        let fields = line.split(separator: " ")
        guard line.hasPrefix("cpu"), let processor = fields.first.flatMap({ Int($0.dropFirst(3)) }),
          processors.contains(processor)
        else { continue }
        let ticks = fields.dropFirst().compactMap { Double($0) }
        guard ticks.count >= 8 else { continue }
        // user, nice, system, idle, iowait, irq, softirq, steal; guests are in user already.
        let used = ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]
        busy += used / second
        stolen += ticks[7] / second
        total += (used + ticks[3] + ticks[4] + ticks[7]) / second
      }
    }
  }
}

extension BackgroundLoad {
  /// Share of the processor time above which the load is reported.
  private static let reportingThreshold = 0.03

  /// A remark; nil when the load was small.
  var note: String? {
    let parts = [
      ("other processes used", otherProcesses), ("the hypervisor used", hypervisor),
    ].filter { $0.1 > Self.reportingThreshold }
      .map { "\($0.0) \(Decimals.fixed($0.1 * 100, 0)) %" }
    guard !parts.isEmpty else { return nil }
    return """
      Background load: \(parts.joined(separator: " and ")) of the processor time. It widens the intervals \
      and raises p99 and p99.9; CPU time per message and memory are affected least.
      """
  }
}

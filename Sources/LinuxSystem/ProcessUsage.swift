// Resource usage of a process, read from /proc (proc(5)).

import CEpollShim
import Glibc

package struct ProcessUsage: Sendable {
  /// Resolution about 10 ms.
  package var userSeconds: Double
  package var systemSeconds: Double
  /// Resolution 1 ns.
  package var cpuSeconds: Double
  package var threads: Int
  /// Context switches; nil when they were not read.
  package var switches: ContextSwitches?

  /// Reads the usage now; nil when there is no such process.
  package init?(pid: Int) {
    guard let stat = TextFile.read("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")") else {
      return nil
    }
    // The name may contain any character; the fields after it are numbers, from field 3 on.
    let fields = stat[stat.index(after: end)...].split(separator: " ")
    func field(_ number: Int) -> Double { Double(fields[number - 3]) ?? 0 }
    guard fields.count > 21, fields[0] != "Z" else { return nil }
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    userSeconds = field(14) / ticks
    systemSeconds = field(15) / ticks
    cpuSeconds = CPUTime.of(pid: pid).map { Double($0) / 1e9 } ?? userSeconds + systemSeconds
    threads = Int(field(20))
  }

  /// Resident memory, read quickly. Recent kernels count it per processor and are off by up to 128
  /// KiB for each.
  package static func approximateResidentBytes(pid: Int) -> Int? {
    let fields = TextFile.read("/proc/\(pid)/statm")?.split(separator: " ") ?? []
    return fields.dropFirst().first.flatMap { Int($0) }.map { $0 * sysconf(Int32(_SC_PAGESIZE)) }
  }

  /// Resident memory, accurate to a page. The kernel walks every mapping.
  package static func residentBytes(pid: Int) -> Int? {
    guard let text = TextFile.read("/proc/\(pid)/smaps_rollup"),
      let line = TextFile.value("Rss", in: text), let number = line.split(separator: " ").first,
      let kilobytes = Int(number)
    else { return approximateResidentBytes(pid: pid) }
    return kilobytes * 1024
  }

  /// Processors that a process may run on.
  package static func processors(pid: Int) -> Set<Int> {
    let status = TextFile.read("/proc/\(pid)/status") ?? ""
    guard let text = TextFile.value("Cpus_allowed_list", in: status) else { return [] }
    return Set(Processors.parse(text) ?? [])
  }
}

/// Context switches of a process's threads. /proc counts them per thread; of thousands of threads
/// an even sample is read and scaled. Threads that start later are not counted.
package struct ContextSwitches: Sendable {
  package private(set) var voluntary = 0.0
  package private(set) var involuntary = 0.0
  private var pid = 0
  package private(set) var chosen: [String] = []
  /// Number of threads that one sampled thread stands for.
  package private(set) var weight = 1.0

  package init() {}

  package init(pid: Int, sampleLimit: Int = 256) {
    let threads = TextFile.list("/proc/\(pid)/task")
    let stride = (threads.count + sampleLimit - 1) / sampleLimit
    self.pid = pid
    chosen = threads.indices.filter { $0 % max(1, stride) == 0 }.map { threads[$0] }
    weight = chosen.isEmpty ? 1 : Double(threads.count) / Double(chosen.count)
    read()
  }

  /// The same threads, read again.
  package var later: ContextSwitches {
    var later = self
    later.read()
    return later
  }

  private mutating func read() {
    (voluntary, involuntary) = (0, 0)
    for thread in chosen {
      let status = TextFile.read("/proc/\(pid)/task/\(thread)/status") ?? ""
      voluntary += weight * Double(TextFile.number("voluntary_ctxt_switches", in: status))
      involuntary += weight * Double(TextFile.number("nonvoluntary_ctxt_switches", in: status))
    }
  }
}

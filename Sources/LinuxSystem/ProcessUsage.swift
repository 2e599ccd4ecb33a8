// Resource usage of a process, read from /proc (proc(5)).

import CEpollShim
import Glibc

package struct ProcessUsage: Sendable {
  /// With the children that it has waited for. Resolution about 10 ms.
  package var userSeconds: Double
  package var systemSeconds: Double
  /// The same; resolution 1 ns for the process itself, 10 ms for the children.
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
    let own = (field(14) + field(15)) / ticks
    let waitedFor = (field(16) + field(17)) / ticks
    userSeconds = (field(14) + field(16)) / ticks
    systemSeconds = (field(15) + field(17)) / ticks
    cpuSeconds = (CPUTime.of(pid: pid).map { Double($0) / 1e9 } ?? own) + waitedFor
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
    TextFile.read("/proc/\(pid)/smaps_rollup").flatMap { kilobytes("Rss", in: $0) }
      .map { $0 * 1024 } ?? approximateResidentBytes(pid: pid)
  }

  static func kilobytes(_ name: String, in text: String) -> Int? {
    TextFile.value(name, in: text)?.split(separator: " ").first.flatMap { Int($0) }
  }

  /// Processors that a process may run on.
  package static func processors(pid: Int) -> Set<Int> {
    let status = TextFile.read("/proc/\(pid)/status") ?? ""
    guard let text = TextFile.value("Cpus_allowed_list", in: status) else { return [] }
    return Set(Processors.parse(text) ?? [])
  }
}

/// Context switches of the threads of processes. /proc counts them per thread; of thousands of threads
/// an even sample is read and scaled. Threads that start later are not counted.
package struct ContextSwitches: Sendable {
  package private(set) var voluntary = 0.0
  package private(set) var involuntary = 0.0
  package private(set) var chosen: [String] = []
  /// Number of threads that one sampled thread stands for.
  package private(set) var weight = 1.0

  package init() {}

  package init(of pids: [Int], sampleLimit: Int = 256) {
    let threads = pids.flatMap { pid in
      TextFile.list("/proc/\(pid)/task").map { "/proc/\(pid)/task/\($0)" }
    }
    let stride = (threads.count + sampleLimit - 1) / sampleLimit
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
      let status = TextFile.read(thread + "/status") ?? ""
      voluntary += weight * Double(TextFile.number("voluntary_ctxt_switches", in: status))
      involuntary += weight * Double(TextFile.number("nonvoluntary_ctxt_switches", in: status))
    }
  }
}

// What Prometheus's client libraries say about a process, under the same names, read from /proc (proc(5)).

import Glibc
import LinuxSystem

struct ProcessMetrics {
  var cpuSeconds: Double
  var residentBytes: Int
  var virtualBytes: Int
  var openDescriptors: Int
  /// Nil without a limit.
  var maximumDescriptors: Int?
  var startTime: Double

  /// Of this process, now; nil where /proc is not mounted.
  static var now: ProcessMetrics? {
    guard let stat = TextFile.read("/proc/self/stat"), let end = stat.lastIndex(of: ")") else {
      return nil
    }
    // Fields after the name, which may contain any character: from field 3 on.
    let fields = stat[stat.index(after: end)...].split(separator: " ")
    guard fields.count > 21 else { return nil }
    func field(_ number: Int) -> Double { Double(fields[number - 3]) ?? 0 }
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    return ProcessMetrics(
      cpuSeconds: (field(14) + field(15)) / ticks,
      residentBytes: Int(field(24)) * sysconf(Int32(_SC_PAGESIZE)),
      virtualBytes: Int(field(23)),
      openDescriptors: descriptorCount, maximumDescriptors: descriptorLimit,
      startTime: bootTime + field(22) / ticks)
  }

  /// Since Linux 6.2 the directory's size is their number: a list of thousands takes milliseconds.
  private static var descriptorCount: Int {
    var status = stat()
    if stat("/proc/self/fd", &status) == 0, status.st_size > 0 { return Int(status.st_size) }
    // The list has the descriptor that reads it as well.
    return max(0, TextFile.list("/proc/self/fd").count - 1)
  }

  private static var descriptorLimit: Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
    return limit.rlim_cur > UInt(Int.max) ? nil : Int(limit.rlim_cur)
  }

  private static let bootTime: Double = {
    for line in (TextFile.read("/proc/stat") ?? "").split(separator: "\n")
    where line.hasPrefix("btime ") {
      return Double(line.dropFirst(6)) ?? 0
    }
    return 0
  }()

  func write(to text: inout PrometheusText) {
    text.add(
      "process_cpu_seconds_total", .counter, "Total user and system CPU time spent in seconds.",
      cpuSeconds)
    text.add(
      "process_resident_memory_bytes", .gauge, "Resident memory size in bytes.",
      Double(residentBytes))
    text.add(
      "process_virtual_memory_bytes", .gauge, "Virtual memory size in bytes.", Double(virtualBytes))
    text.add(
      "process_open_fds", .gauge, "Number of open file descriptors.", Double(openDescriptors))
    if let maximumDescriptors {
      text.add(
        "process_max_fds", .gauge, "Maximum number of open file descriptors.",
        Double(maximumDescriptors))
    }
    text.add(
      "process_start_time_seconds", .gauge,
      "Start time of the process since unix epoch in seconds.", startTime)
  }
}

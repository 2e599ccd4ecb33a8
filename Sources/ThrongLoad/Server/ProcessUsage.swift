// Resource usage of a process, read from /proc (proc(5)).

import CEpollShim
import Glibc

struct ProcessUsage: Sendable {
  /// Resolution about 10 ms.
  var userSeconds: Double
  var systemSeconds: Double
  /// Resolution 1 ns.
  var cpuSeconds: Double
  var threads: Int
  /// Context switches; nil when they were not read.
  var switches: ContextSwitches?

  /// Reads the usage now; nil when there is no such process.
  init?(pid: Int) {
    guard let stat = ProcFile.read("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")") else {
      return nil
    }
    // The name may contain any character; the fields after it are numbers, from field 3 on.
    let fields = stat[stat.index(after: end)...].split(separator: " ")
    func field(_ number: Int) -> Double { Double(fields[number - 3]) ?? 0 }
    guard fields.count > 21, fields[0] != "Z" else { return nil }
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    userSeconds = field(14) / ticks
    systemSeconds = field(15) / ticks
    let precise = shim_process_nanoseconds(pid_t(pid))
    cpuSeconds = precise < 0 ? userSeconds + systemSeconds : Double(precise) / 1e9
    threads = Int(field(20))
  }

  /// Resident memory, read quickly. Recent kernels count it per processor and are off by up to 128
  /// KiB for each.
  static func approximateResidentBytes(pid: Int) -> Int? {
    let fields = ProcFile.read("/proc/\(pid)/statm")?.split(separator: " ") ?? []
    return fields.dropFirst().first.flatMap { Int($0) }.map { $0 * sysconf(Int32(_SC_PAGESIZE)) }
  }

  /// Resident memory, accurate to a page. The kernel walks every mapping.
  static func residentBytes(pid: Int) -> Int? {
    guard let text = ProcFile.read("/proc/\(pid)/smaps_rollup"),
      let line = ProcFile.value("Rss", in: text), let number = line.split(separator: " ").first,
      let kilobytes = Int(number)
    else { return approximateResidentBytes(pid: pid) }
    return kilobytes * 1024
  }

  /// Processors that a process may run on.
  static func processors(pid: Int) -> Set<Int> {
    let status = ProcFile.read("/proc/\(pid)/status") ?? ""
    guard let text = ProcFile.value("Cpus_allowed_list", in: status) else { return [] }
    return Set(Processors.parse(text) ?? [])
  }
}

/// Context switches of a process's threads. /proc counts them per thread; of thousands of threads
/// an even sample is read and scaled. Threads that start later are not counted.
struct ContextSwitches: Sendable {
  private(set) var voluntary = 0.0
  private(set) var involuntary = 0.0
  private var pid = 0
  private(set) var chosen: [String] = []
  /// Number of threads that one sampled thread stands for.
  private(set) var weight = 1.0

  init() {}

  init(pid: Int, sampleLimit: Int = 256) {
    let threads = ProcFile.list("/proc/\(pid)/task")
    let stride = (threads.count + sampleLimit - 1) / sampleLimit
    self.pid = pid
    chosen = threads.indices.filter { $0 % max(1, stride) == 0 }.map { threads[$0] }
    weight = chosen.isEmpty ? 1 : Double(threads.count) / Double(chosen.count)
    read()
  }

  /// The same threads, read again.
  var later: ContextSwitches {
    var later = self
    later.read()
    return later
  }

  private mutating func read() {
    (voluntary, involuntary) = (0, 0)
    for thread in chosen {
      let status = ProcFile.read("/proc/\(pid)/task/\(thread)/status") ?? ""
      voluntary += weight * Double(ProcFile.number("voluntary_ctxt_switches", in: status))
      involuntary += weight * Double(ProcFile.number("nonvoluntary_ctxt_switches", in: status))
    }
  }
}

/// Reads small files of /proc.
enum ProcFile {
  static func read(_ path: String) -> String? {
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return nil }
    defer { _ = shim_close(fd) }
    var bytes: [UInt8] = []
    while true {
      var part = [UInt8](repeating: 0, count: 4096)
      let count = shim_read(fd, &part, part.count)
      guard count > 0 else { break }
      bytes += part.prefix(count)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func list(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    let offset = MemoryLayout<dirent>.offset(of: \.d_name)!  // a stored property of a C struct
    while let entry = readdir(directory) {
      // Not a copy of all 256 bytes: the memory of an entry may end with its name.
      let name = String(
        cString: (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self))
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names
  }

  /// Value of the line `name: value`.
  static func value(_ name: String, in text: String) -> Substring? {
    for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
      return line.dropFirst(name.count + 1).trimmingSpaces
    }
    return nil
  }

  static func number(_ name: String, in text: String) -> Int {
    value(name, in: text).flatMap { Int($0) } ?? 0
  }
}

extension Substring {
  var trimmingSpaces: Substring {
    let isSpace = { (character: Character) in character == " " || character == "\t" }
    return drop(while: isSpace).reversed().drop(while: isSpace).reversed().reduce(into: "") {
      $0.append($1)
    }
  }
}

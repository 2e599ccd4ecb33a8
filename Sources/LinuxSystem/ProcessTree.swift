// A process and the processes that it has started, read from /proc (proc(5)): their usage as that of one.
// Any thread.

import Glibc

package struct ProcessTree: Sendable {
  private let root: Int

  package init(root: Int) { self.root = root }

  /// The process, its descendants, and its process group if it leads one; the process first. Reads an entry
  /// for each process of the machine.
  package var members: [Int] {
    var parents: [Int: Int] = [:]
    var found: Set<Int> = [root]
    for name in TextFile.list("/proc") {
      guard let pid = Int(name), let stat = TextFile.read("/proc/\(name)/stat"),
        let end = stat.lastIndex(of: ")")
      else { continue }
      // Fields after the name: state, parent, group.
      let fields = stat[stat.index(after: end)...].split(separator: " ")
      guard fields.count > 2, fields[0] != "Z", let parent = Int(fields[1]) else { continue }
      parents[pid] = parent
      if Int(fields[2]) == root { found.insert(pid) }
    }
    var count = 0
    while count < found.count {
      count = found.count
      for (pid, parent) in parents where found.contains(parent) { found.insert(pid) }
    }
    return [root] + found.subtracting([root]).sorted()
  }
}

extension ProcessUsage {
  /// Sum over processes, with the children that they have waited for; nil when the first has ended.
  package init?(of pids: [Int]) {
    guard let first = pids.first, let usage = ProcessUsage(pid: first) else { return nil }
    self = usage
    for pid in pids.dropFirst() {
      guard let other = ProcessUsage(pid: pid) else { continue }
      userSeconds += other.userSeconds
      systemSeconds += other.systemSeconds
      cpuSeconds += other.cpuSeconds
      threads += other.threads
    }
  }

  /// Resident memory of processes; pages that several of them share count once.
  package static func residentBytes(of pids: [Int]) -> Int? {
    if pids.count == 1 { return residentBytes(pid: pids[0]) }
    let sizes = pids.compactMap { pid in
      TextFile.read("/proc/\(pid)/smaps_rollup").flatMap { kilobytes("Pss", in: $0) }
    }
    return sizes.isEmpty ? nil : sizes.reduce(0, +) * 1024
  }
}

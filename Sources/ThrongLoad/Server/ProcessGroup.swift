// Who belongs to a process group, from /proc (proc(5)): kill(2) counts those that have ended and that
// nobody has waited for.

enum ProcessGroup {
  /// Whether anybody of the group runs still.
  static func isAlive(_ group: Int) -> Bool {
    ProcFile.list("/proc").contains { name in
      guard Int(name) != nil, let stat = ProcFile.read("/proc/\(name)/stat"),
        let end = stat.lastIndex(of: ")")
      else { return false }
      // The state, the parent and the group follow the name; the number of threads is field 20. A first
      // thread may have ended before others, which hold the process's sockets as long as they run.
      let fields = stat[stat.index(after: end)...].split(separator: " ")
      guard fields.count > 17, Int(fields[2]) == group else { return false }
      return !["Z", "X"].contains(fields[0]) || Int(fields[17]) ?? 0 > 1
    }
  }
}

// Members of a process group, read from /proc (proc(5)). kill(2) also counts zombies.

import CEpollShim
import Glibc

package enum ProcessGroup {
  /// Whether a child that was waited for has left processes in its group that still run. It costs a system
  /// call when it has not.
  package static func hasSurvivors(_ group: pid_t) -> Bool {
    shim_group_exists(group) != 0 && isAlive(Int(group))
  }

  /// Whether any thread of the group still runs.
  package static func isAlive(_ group: Int) -> Bool {
    TextFile.list("/proc").contains { name in
      guard Int(name) != nil, let stat = TextFile.read("/proc/\(name)/stat"),
        let end = stat.lastIndex(of: ")")
      else { return false }
      // Fields after the name: state, parent, group; field 20 is the number of threads. Other
      // threads keep the sockets open after the first thread has exited.
      let fields = stat[stat.index(after: end)...].split(separator: " ")
      guard fields.count > 17, Int(fields[2]) == group else { return false }
      return !["Z", "X"].contains(fields[0]) || Int(fields[17]) ?? 0 > 1
    }
  }
}

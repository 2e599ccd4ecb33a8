// Limits of descriptors and threads, which restrict the numbers of connections. A value; any
// thread.

import Glibc
import LinuxSystem
import ThrongLoad

package struct SystemLimits: Sendable, Equatable {
  /// Hard limit of open files; the command raises its soft limit to it (getrlimit(2)).
  package var descriptors: Int
  /// Lowest of the thread limits of user, control group and kernel.
  package var threads: Int

  /// Descriptors and threads needed beside those of the clients.
  static let ownDescriptors = 256
  static let ownThreads = 64

  package init(descriptors: Int, threads: Int) {
    self.descriptors = descriptors
    self.threads = threads
  }

  package static var current: SystemLimits {
    SystemLimits(descriptors: ThisProcess.raiseDescriptorLimit() ?? 1024, threads: threads)
  }

  /// Why a number of connections cannot be held; nil if it can.
  /// - Parameter threaded: whether the server has a thread for each connection.
  func problem(connections: Int, threaded: Bool) -> String? {
    if connections + Self.ownDescriptors > descriptors {
      return """
        \(Decimals.grouped(connections + Self.ownDescriptors)) descriptors needed, limit \
        \(Decimals.grouped(descriptors)) (ulimit -Hn)
        """
    }
    if threaded, connections + Self.ownThreads > threads {
      return """
        \(Decimals.grouped(connections + Self.ownThreads)) threads needed, limit \
        \(Decimals.grouped(threads)) (ulimit -u, pids.max, kernel.threads-max, vm.max_map_count)
        """
    }
    return nil
  }

  private static var threads: Int {
    var limits = [Int.max]
    // RLIMIT_NPROC does not apply to the superuser.
    if getuid() != 0, let own = ThisProcess.processLimit { limits.append(own) }
    for name in ["kernel/threads-max", "kernel/pid_max"] {
      if let number = TextFile.number("/proc/sys/" + name) { limits.append(number) }
    }
    // A stack and its guard page are two mappings.
    if let maps = TextFile.number("/proc/sys/vm/max_map_count") { limits.append(maps / 2) }
    return (limits + groupLimits).min() ?? .max
  }

  /// Limits of the control groups of this process and of their ancestors (cgroups(7)).
  private static var groupLimits: [Int] {
    var found: [Int] = []
    for line in (TextFile.read("/proc/self/cgroup") ?? "").split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3, parts[1].isEmpty || parts[1].split(separator: ",").contains("pids")
      else { continue }
      let root = parts[1].isEmpty ? "/sys/fs/cgroup" : "/sys/fs/cgroup/pids"
      var path = parts[2]
      while true {
        if let number = TextFile.number(root + path + "/pids.max") { found.append(number) }
        guard let slash = path.lastIndex(of: "/") else { break }
        path = path[..<slash]
      }
    }
    return found
  }
}

// Processes left over from a measurement: the server of a killed generator, or its children. They
// are identified by an entry of their environment and ended by process id.
// Owned by the thread that runs the comparison.

import Glibc
import LinuxSystem
import ThrongLoad

struct OrphanedProcesses {
  /// Unique environment entry: `NAME=VALUE`.
  let environmentTag: String
  /// Whether orphaned descendants become children of this process (PR_SET_CHILD_SUBREAPER), so that
  /// it must reap them.
  let adoptsOrphans: Bool

  private static let limit: UInt64 = 2_000_000_000

  init(adoptsOrphans: Bool) {
    self.adoptsOrphans = adoptsOrphans
    environmentTag = "THRONG_COMPARE_CELL=\(getpid())-\(MonotonicTime.now.nanoseconds)"
  }

  /// Kills them and returns when they are gone, or after a time limit.
  func end() {
    let deadline = MonotonicTime.now.nanoseconds + Self.limit
    var found = running
    while !found.isEmpty, MonotonicTime.now.nanoseconds < deadline {
      for pid in found { kill(pid, SIGKILL) }
      Poll.pause(milliseconds: 5)
      found = running
    }
    var status: CInt = 0
    while adoptsOrphans, waitpid(-1, &status, WNOHANG) > 0 {}
  }

  /// Waits until they have exited by themselves.
  func waitForEnd(within time: Duration) {
    let deadline = MonotonicTime.now.nanoseconds + UInt64(time / .nanoseconds(1))
    while !running.isEmpty, MonotonicTime.now.nanoseconds < deadline {
      Poll.pause(milliseconds: 5)
    }
  }

  /// Running processes; the environment of a zombie is empty.
  private var running: [pid_t] {
    TextFile.list("/proc").compactMap { name in
      guard let pid = pid_t(name), pid != getpid(),
        let environment = TextFile.read("/proc/\(pid)/environ"), isTagged(environment)
      else { return nil }
      return pid
    }
  }

  private func isTagged(_ environment: String) -> Bool {
    environment.split(separator: "\0").contains { $0 == environmentTag }
  }
}

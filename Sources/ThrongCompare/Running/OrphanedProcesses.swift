// Processes that a measurement has left: a generator that had to be killed leaves its server, and a
// server may have started others. They are known by a mark in their environment, whoever their parent
// is now, and are ended by their process ids.

import CEpollShim
import Glibc

struct OrphanedProcesses {
  /// An entry of the environment that nobody else has: `NAME=VALUE`.
  let environmentTag: String
  /// Descendants whose parents are gone become this process's children, and it has no others.
  let adoptsOrphans: Bool

  private static let limit: UInt64 = 2_000_000_000

  init(adoptsOrphans: Bool) {
    self.adoptsOrphans = adoptsOrphans
    environmentTag = "THRONG_COMPARE_CELL=\(getpid())-\(shim_monotonic_nanoseconds())"
  }

  /// Ends them all and returns when they are gone.
  func end() {
    let deadline = shim_monotonic_nanoseconds() + Self.limit
    var found = running
    while !found.isEmpty, shim_monotonic_nanoseconds() < deadline {
      for pid in found { kill(pid, SIGKILL) }
      _ = shim_poll_readable(-1, -1, 5)
      found = running
    }
    var status: CInt = 0
    while adoptsOrphans, waitpid(-1, &status, WNOHANG) > 0 {}
  }

  /// Waits until those that are about to end by themselves have done so.
  func waitForEnd(within time: Duration) {
    let deadline = shim_monotonic_nanoseconds() + UInt64(time / .nanoseconds(1))
    while !running.isEmpty, shim_monotonic_nanoseconds() < deadline {
      _ = shim_poll_readable(-1, -1, 5)
    }
  }

  /// Without the zombies, whose environment is empty.
  private var running: [pid_t] {
    guard let directory = opendir("/proc") else { return [] }
    defer { closedir(directory) }
    var found: [pid_t] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard let pid = pid_t(name), pid != getpid(),
        let environment = TextFile.read("/proc/\(pid)/environ"), isTagged(environment)
      else { continue }
      found.append(pid)
    }
    return found
  }

  private func isTagged(_ environment: String) -> Bool {
    environment.split(separator: "\0").contains { $0 == environmentTag }
  }
}

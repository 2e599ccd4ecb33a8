// Reads CPU time, memory and threads of the server process and of the processes that it has started.
// Owned by the coordinating thread, which may share a core with the generator, so reads between
// start and end are cheap.

import LinuxSystem

final class ServerProbe {
  let pid: Int
  private(set) var startResidentBytes = 0
  private(set) var peakResidentBytes = 0
  /// Resident memory with all connections open, at the end.
  private(set) var endResidentBytes = 0
  private var switches = ContextSwitches()
  private let tree: ProcessTree

  init(pid: Int) {
    self.pid = pid
    tree = ProcessTree(root: pid)
  }

  /// Reads the memory before the first connection.
  func prepare() {
    startResidentBytes = ProcessUsage.residentBytes(of: tree.members) ?? 0
    peakResidentBytes = startResidentBytes
  }

  /// Reads the usage at the start of the measured time.
  func begin() -> ProcessUsage? {
    let members = tree.members
    var usage = ProcessUsage(of: members)
    switches = ContextSwitches(of: members)
    usage?.switches = switches
    watchMemory()
    return usage
  }

  /// Updates the peak memory from the cheap counter of the process itself.
  func watchMemory() {
    peakResidentBytes = max(peakResidentBytes, ProcessUsage.approximateResidentBytes(pid: pid) ?? 0)
  }

  /// Reads the usage at the end of the measured time, while all connections are open and have been
  /// served.
  func end() -> ProcessUsage? {
    let members = tree.members
    var usage = ProcessUsage(of: members)
    usage?.switches = switches.later
    endResidentBytes = ProcessUsage.residentBytes(of: members) ?? startResidentBytes
    peakResidentBytes = max(peakResidentBytes, endResidentBytes)
    return usage
  }

  /// Processors that both the server and the generator may use.
  var sharedProcessors: Set<Int> {
    ProcessUsage.processors(pid: pid).intersection(Processors.ofThisThread)
  }
}

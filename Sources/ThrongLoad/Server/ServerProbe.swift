// Reads the server process's CPU time, memory and threads during a run.
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

  init(pid: Int) { self.pid = pid }

  /// Reads the memory before the first connection.
  func prepare() {
    startResidentBytes = ProcessUsage.residentBytes(pid: pid) ?? 0
    peakResidentBytes = startResidentBytes
  }

  /// Reads the usage at the start of the measured time.
  func begin() -> ProcessUsage? {
    var usage = ProcessUsage(pid: pid)
    switches = ContextSwitches(pid: pid)
    usage?.switches = switches
    watchMemory()
    return usage
  }

  /// Updates the peak memory from the cheap counter.
  func watchMemory() {
    peakResidentBytes = max(peakResidentBytes, ProcessUsage.approximateResidentBytes(pid: pid) ?? 0)
  }

  /// Reads the usage at the end of the measured time, while all connections are open and have been
  /// served.
  func end() -> ProcessUsage? {
    var usage = ProcessUsage(pid: pid)
    usage?.switches = switches.later
    endResidentBytes = ProcessUsage.residentBytes(pid: pid) ?? startResidentBytes
    peakResidentBytes = max(peakResidentBytes, endResidentBytes)
    return usage
  }

  /// Processors that both the server and the generator may use.
  var sharedProcessors: Set<Int> {
    ProcessUsage.processors(pid: pid).intersection(Processors.ofThisThread)
  }
}

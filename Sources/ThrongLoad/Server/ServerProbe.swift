// Looks at the server's process during a trial. Belongs to the coordinating thread, which may share its
// core with the generator: a look between the beginning and the end is cheap.

final class ServerProbe {
  let pid: Int
  private(set) var startResidentBytes = 0
  private(set) var peakResidentBytes = 0
  /// While everybody is connected, at the end.
  private(set) var endResidentBytes = 0
  private var switches = ContextSwitches()

  init(pid: Int) { self.pid = pid }

  /// Nobody is connected yet.
  func prepare() {
    startResidentBytes = ProcessUsage.residentBytes(pid: pid) ?? 0
    peakResidentBytes = startResidentBytes
  }

  func begin() -> ProcessUsage? {
    var usage = ProcessUsage(pid: pid)
    switches = ContextSwitches(pid: pid)
    usage?.switches = switches
    watchMemory()
    return usage
  }

  func watchMemory() {
    peakResidentBytes = max(peakResidentBytes, ProcessUsage.approximateResidentBytes(pid: pid) ?? 0)
  }

  /// All who are connected have been served by now, so that what the server keeps for them is there.
  func end() -> ProcessUsage? {
    var usage = ProcessUsage(pid: pid)
    usage?.switches = switches.later
    endResidentBytes = ProcessUsage.residentBytes(pid: pid) ?? startResidentBytes
    peakResidentBytes = max(peakResidentBytes, endResidentBytes)
    return usage
  }

  /// Where both the server and we may run.
  var sharedProcessors: Set<Int> {
    ProcessUsage.processors(pid: pid).intersection(Processors.ofThisThread)
  }
}

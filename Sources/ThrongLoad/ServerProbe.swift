// Looks at the server's process during a trial. Belongs to the coordinating thread.

final class ServerProbe {
  let pid: Int
  private(set) var startResidentBytes = 0
  private(set) var peakResidentBytes = 0
  private(set) var residentBytesPerConnection: Double?

  init(pid: Int) { self.pid = pid }

  func begin() {
    startResidentBytes = ProcessUsage(pid: pid)?.residentBytes ?? 0
    peakResidentBytes = startResidentBytes
    residentBytesPerConnection = nil
  }

  func sample() -> ProcessUsage? {
    let usage = ProcessUsage(pid: pid)
    peakResidentBytes = max(peakResidentBytes, usage?.residentBytes ?? 0)
    return usage
  }

  func allConnected(_ connections: Int) {
    guard let usage = sample(), connections > 0 else { return }
    residentBytesPerConnection =
      Double(usage.residentBytes - startResidentBytes) / Double(connections)
  }

  /// Where both the server and we may run.
  var sharedProcessors: Set<Int> {
    ProcessUsage.processors(pid: pid).intersection(Processors.ofThisThread)
  }
}

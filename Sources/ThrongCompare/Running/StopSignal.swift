// Stop requests by SIGINT, SIGTERM or SIGHUP, or by a call. Only the thread that runs the
// comparison waits for them.

import CEpollShim
import Glibc
import Synchronization
import SystemPackage
import Throng

package final class StopSignal: Sendable {
  private let wake: EventDescriptor
  private let signals: Signals?
  private let asked = Atomic<Int>(0)

  /// - Parameter watchingSignals: whether the signals request a stop; they stay blocked in the
  ///   calling thread while this object lives.
  package init(watchingSignals: Bool) throws(Errno) {
    wake = try EventDescriptor()
    signals = watchingSignals ? Signals(try SignalDescriptor(SignalDescriptor.wishesToEnd)) : nil
  }

  /// Requests a stop. Any thread.
  package func stop() {
    asked.wrappingAdd(1, ordering: .releasing)
    wake.signal()
  }

  /// Number of requests; two mean an immediate stop.
  package var count: Int {
    while signals?.next() != nil { asked.wrappingAdd(1, ordering: .releasing) }
    return asked.load(ordering: .acquiring)
  }

  package var isAsked: Bool { count > 0 }

  /// Descriptors that become readable on a request.
  var descriptors: [CInt] {
    [wake.descriptor] + (signals.map { [$0.descriptor] } ?? [])
  }

  func clear() { wake.clear() }
}

/// An optional signal descriptor.
private final class Signals: Sendable {
  private let source: SignalDescriptor

  init(_ source: consuming SignalDescriptor) { self.source = source }

  var descriptor: CInt { source.descriptor }

  func next() -> CInt? { source.next() }
}

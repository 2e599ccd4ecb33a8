// The wish to stop, by SIGINT, SIGTERM or SIGHUP, or by a call. Waits belong to the thread that runs the
// comparison.

import CEpollShim
import Glibc
import Synchronization
import SystemPackage
import Throng

package final class StopSignal: Sendable {
  private let wake: EventDescriptor
  private let signals: Signals?
  private let asked = Atomic<Int>(0)

  /// - Parameter watchingSignals: blocks those signals in the calling thread while this lives.
  package init(watchingSignals: Bool) throws(Errno) {
    wake = try EventDescriptor()
    signals = watchingSignals ? Signals(try SignalDescriptor(SignalDescriptor.wishesToEnd)) : nil
  }

  /// Ends the comparison soon, with what is there. Any thread.
  package func stop() {
    asked.wrappingAdd(1, ordering: .releasing)
    wake.signal()
  }

  /// How often somebody has asked; twice means: at once.
  package var count: Int {
    while signals?.next() != nil { asked.wrappingAdd(1, ordering: .releasing) }
    return asked.load(ordering: .acquiring)
  }

  package var isAsked: Bool { count > 0 }

  /// What becomes readable when somebody asks.
  var descriptors: [CInt] {
    [wake.descriptor] + (signals.map { [$0.descriptor] } ?? [])
  }

  func clear() { wake.clear() }
}

/// A descriptor that can be absent.
private final class Signals: Sendable {
  private let source: SignalDescriptor

  init(_ source: consuming SignalDescriptor) { self.source = source }

  var descriptor: CInt { source.descriptor }

  func next() -> CInt? { source.next() }
}

// SIGINT and SIGTERM: the first drains the server, the second resets what is left.

import CEpollShim
import SystemPackage

final class SignalWatch: EventSource, @unchecked Sendable {
  // Invariant behind @unchecked: used by one thread of the driver at a time.
  private let signals: SignalDescriptor
  private let driver: Driver
  private let stop: @Sendable (_ resetting: Bool) -> Void
  private var token = Token(rawValue: .max)
  private var stopsAsked = 0

  /// Before the driver runs, on the thread that starts its other threads.
  init(_ driver: Driver, stop: @escaping @Sendable (_ resetting: Bool) -> Void) throws(Errno) {
    signals = try SignalDescriptor([SIGINT, SIGTERM])
    self.driver = driver
    self.stop = stop
    token = try driver.adopt(self, signals.descriptor, interest)
  }

  private var interest: Readiness { driver.isOneShot ? [.readable, .oneShot] : .readable }

  func ready(_ readiness: Readiness, _ buffer: inout ReceiveBuffer) {
    while signals.next() != nil {
      stopsAsked += 1
      stop(stopsAsked > 1)
    }
    if driver.isOneShot { driver.epoll.modify(signals.descriptor, interest, token) }
  }

  func attend(now: MonotonicTime) {}
}

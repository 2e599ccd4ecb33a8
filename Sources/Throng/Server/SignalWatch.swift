// SIGINT and SIGTERM: the first drains the server, the second resets what is left. SIGUSR1: the metrics.

import CEpollShim
import SystemPackage

final class SignalWatch: EventSource, @unchecked Sendable {
  // Invariant behind @unchecked: used by one thread of the driver at a time.
  enum Request { case drain, reset, metrics }

  private let signals: SignalDescriptor
  private let driver: Driver
  private let act: @Sendable (Request) -> Void
  private var token = Token(rawValue: .max)
  private var stopsAsked = 0

  /// Before the driver runs, on the thread that starts its other threads.
  init(_ driver: Driver, act: @escaping @Sendable (Request) -> Void) throws(Errno) {
    signals = try SignalDescriptor([SIGINT, SIGTERM, SIGUSR1])
    self.driver = driver
    self.act = act
    token = try driver.adopt(self, signals.descriptor, interest)
  }

  private var interest: Readiness { driver.isOneShot ? [.readable, .oneShot] : .readable }

  func ready(_ readiness: Readiness, _ buffer: inout ReceiveBuffer) {
    while let signal = signals.next() {
      if signal == SIGUSR1 {
        act(.metrics)
      } else {
        stopsAsked += 1
        act(stopsAsked > 1 ? .reset : .drain)
      }
    }
    if driver.isOneShot { driver.epoll.modify(signals.descriptor, interest, token) }
  }

  func attend(now: MonotonicTime) {}

  /// Leaves the driver, which then no longer keeps this. After the driver has run.
  func end() { driver.release(token) }
}

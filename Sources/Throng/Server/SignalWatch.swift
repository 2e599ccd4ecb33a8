// SIGINT, SIGTERM and SIGHUP: the first drains the server, a second resets what is left. SIGUSR1: the
// metrics. SIGHUP alone never resets: it may come twice when a terminal is lost, from the kernel and from
// the shell, and systemd can send it right after SIGTERM.

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
    signals = try SignalDescriptor(SignalDescriptor.wishesToEnd + [SIGUSR1])
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
        stopsAsked = signal == SIGHUP ? max(stopsAsked, 1) : stopsAsked + 1
        act(stopsAsked > 1 ? .reset : .drain)
      }
    }
    if driver.isOneShot { driver.epoll.modify(signals.descriptor, interest, token) }
  }

  func attend(now: MonotonicTime) {}

  /// Leaves the driver, which then no longer keeps this. After the driver has run.
  func end() { driver.release(token) }
}

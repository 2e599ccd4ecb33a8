// SIGINT, SIGTERM and SIGHUP: the first drains the server, a second resets what is left. SIGUSR1: the
// metrics. SIGUSR2: an upgrade in place. With TLS, SIGHUP reloads the certificates. SIGHUP alone never resets:
// it may come twice when a terminal is lost, from the kernel and from the shell, and systemd can send it right
// after SIGTERM. Belongs to the thread inside `Server.run`, so that a signal is seen whatever the loops do.

import Glibc
import LinuxSystem
import SystemPackage

struct SignalWatch: ~Copyable {
  enum Request { case drain, reset, metrics, upgrade, reload }

  private let signals: SignalDescriptor
  private var stopsAsked = 0
  private let reloads: Bool

  /// Before the threads of the event loops are started: they inherit that the signals are blocked.
  /// - Parameter reloads: SIGHUP asks for a reload.
  init(reloads: Bool = false) throws(Errno) {
    self.reloads = reloads
    signals = try SignalDescriptor(SignalDescriptor.wishesToEnd + [SIGUSR1, SIGUSR2])
  }

  /// Readable when there is a request.
  var descriptor: CInt { signals.descriptor }

  /// The signal mask that the process was started with.
  var maskBefore: SignalMask { signals.maskBefore }

  /// What the next pending signal asks for; nil when there is none.
  mutating func next() -> Request? {
    guard let signal = signals.next() else { return nil }
    if signal == SIGUSR1 { return .metrics }
    if signal == SIGUSR2 { return .upgrade }
    if signal == SIGHUP, reloads { return .reload }
    stopsAsked = signal == SIGHUP ? max(stopsAsked, 1) : stopsAsked + 1
    return stopsAsked > 1 ? .reset : .drain
  }
}

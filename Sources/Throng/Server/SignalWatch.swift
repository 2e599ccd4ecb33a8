// SIGINT and SIGTERM: the first drains the server, the second resets what is left. SIGUSR1: the metrics.
// Belongs to the thread inside `Server.run`, so that a signal is seen whatever the event loops do.

import CEpollShim
import SystemPackage

struct SignalWatch: ~Copyable {
  enum Request { case drain, reset, metrics }

  private let signals: SignalDescriptor
  private var stopsAsked = 0

  /// Before the threads of the event loops are started: they inherit that the signals are blocked.
  init() throws(Errno) { signals = try SignalDescriptor([SIGINT, SIGTERM, SIGUSR1]) }

  /// Readable when there is a request.
  var descriptor: CInt { signals.descriptor }

  /// What the next pending signal asks for; nil when there is none.
  mutating func next() -> Request? {
    guard let signal = signals.next() else { return nil }
    if signal == SIGUSR1 { return .metrics }
    stopsAsked += 1
    return stopsAsked > 1 ? .reset : .drain
  }
}

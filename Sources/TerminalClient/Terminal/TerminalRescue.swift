// Puts the terminal back however the process ends, a trap included, or a signal while it is not read from
// a descriptor. `rescue` does only what a signal handler may do (signal-safety(7)): tcsetattr(3),
// tcgetpgrp(3), write(2), sigaction(2) and raise(3), on memory that was set before the handler was.

import Glibc

enum TerminalRescue {
  /// Bracketed paste: what is pasted comes between marks, so that its line ends send nothing.
  static let pasteOn = "\u{1b}[?2004h"
  private static let pasteOff: StaticString = "\u{1b}[?2004l"

  // Written by the main thread only; read by it, and by a handler that has interrupted it or that ends
  // the process.
  nonisolated(unsafe) private(set) static var remembered = termios()
  nonisolated(unsafe) private static var isNeeded = false
  nonisolated(unsafe) private static var isInstalled = false
  /// What each signal did before, by its number; those that end a process have numbers below 32.
  nonisolated(unsafe) private static let previous = UnsafeMutablePointer<sigaction>.allocate(
    capacity: 32)

  private static let fatalSignals = [
    SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, SIGHUP, SIGINT, SIGQUIT, SIGTERM,
  ]

  /// From now on the terminal is to be put back as it is now.
  static func remember(_ modes: termios) {
    remembered = modes
    isNeeded = true
    if !isInstalled { install() }
    isInstalled = true
  }

  /// Puts the terminal back, but not away from a program that has it now.
  static func restore() {
    isNeeded = false
    guard tcgetpgrp(STDIN_FILENO) == getpgrp() else { return }
    _ = write(STDOUT_FILENO, pasteOff.utf8Start, pasteOff.utf8CodeUnitCount)
    // What was typed and not read was meant for the server, not for the shell.
    while tcsetattr(STDIN_FILENO, TCSAFLUSH, &remembered) != 0, errno == EINTR {}
  }

  private static func install() {
    for signal in fatalSignals {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { TerminalRescue.rescue($0) }
      sigaction(signal, &action, previous + Int(signal))
    }
  }

  private static func rescue(_ signal: CInt) {
    if isNeeded { restore() }
    // Then what would have happened without this: the end, or the runtime's backtrace.
    sigaction(signal, previous + Int(signal), nil)
    raise(signal)
  }
}

// Puts the terminal back when the process ends in any way that can be noticed: also in a trap, and by a
// signal that comes while the editor's own watch is off.
//
// What `rescue` does is what a signal handler may do: tcsetattr(3), tcgetpgrp(3), write(2), sigaction(2)
// and raise(3), on memory that was set before the handler was.

import Glibc

enum TerminalRescue {
  /// Bracketed paste: what is pasted comes between marks, so that its line ends send nothing.
  static let pasteOn = "\u{1b}[?2004h"
  private static let pasteOff: StaticString = "\u{1b}[?2004l"

  // Written by the main thread only; read by it, and by a handler that has interrupted it or that ends
  // the process.
  nonisolated(unsafe) private static var modes = termios()
  nonisolated(unsafe) private static var isNeeded = false
  nonisolated(unsafe) private static var isWatching = false
  /// What each signal did before, by its number; those that end a process have numbers below 32.
  nonisolated(unsafe) private static let previous = UnsafeMutablePointer<sigaction>.allocate(
    capacity: 32)

  private static let deadly = [
    SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, SIGHUP, SIGINT, SIGQUIT, SIGTERM,
  ]

  static var remembered: termios { modes }

  /// From now on the terminal is to be put back as it is now.
  static func remember(_ now: termios) {
    modes = now
    isNeeded = true
    if !isWatching { watch() }
    isWatching = true
  }

  /// Puts the terminal back, but not away from a program that has it now.
  static func restore() {
    isNeeded = false
    guard tcgetpgrp(STDIN_FILENO) == getpgrp() else { return }
    _ = write(STDOUT_FILENO, pasteOff.utf8Start, pasteOff.utf8CodeUnitCount)
    // What was typed and not read was meant for the server, not for the shell.
    while tcsetattr(STDIN_FILENO, TCSAFLUSH, &modes) != 0, errno == EINTR {}
  }

  private static func watch() {
    for signal in deadly {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { TerminalRescue.rescue($0) }
      sigaction(signal, &action, previous + Int(signal))
    }
  }

  private static func rescue(_ signal: CInt) {
    if isNeeded { restore() }
    // Then what would have happened without us: the end, or the runtime's backtrace.
    sigaction(signal, previous + Int(signal), nil)
    raise(signal)
  }
}

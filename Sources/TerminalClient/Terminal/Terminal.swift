// The terminal as an editor needs it: each key at once and as it comes, nothing echoed (termios(3)), and
// its signals read from a descriptor (signalfd(2)): size, hang-up, stop, continue. Used by the main thread.
//
// Invariant: while `isRaw`, `TerminalRescue` knows how the terminal was, and whatever ends this process
// but SIGKILL puts it back: `leave`, `deinit`, or the rescue.

import Glibc
import LinuxSystem
import SystemPackage
import ThrongHandlers

/// Standard input and output, which are a terminal. A ``Poller`` must block SIGINT and SIGTERM already.
package struct Terminal: ~Copyable {
  private var isRaw = false
  private let signals: SignalDescriptor
  /// What is blocked while this lives, and what is blocked while the process is stopped.
  private let blocked: SignalMask
  private let blockedWhileStopped: SignalMask

  private static let watched = [SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH]
  private static let readSize = 4096

  /// Whether a line can be edited here: input and output are a terminal, and not a dumb one.
  package static var isUsable: Bool {
    guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else { return false }
    return getenv("TERM").map { !["", "dumb"].contains(String(cString: $0)) } ?? false
  }

  package init() throws(TerminalClientError) {
    do {
      signals = try SignalDescriptor(Self.watched)
    } catch {
      throw .cannotWatchSignals(error)
    }
    // The parent process may have had any of them blocked, which is inherited.
    blockedWhileStopped = signals.maskBefore.removing([SIGINT, SIGTERM, SIGTTOU] + Self.watched)
    blocked = blockedWhileStopped.adding([SIGINT, SIGTERM] + Self.watched)
  }

  deinit { if isRaw { TerminalRescue.restore() } }

  /// The width; the usual one when the terminal does not know, as on a serial line.
  var columns: Int { Descriptor.terminalColumns(STDOUT_FILENO) ?? 80 }

  /// Readable when a signal has come.
  var signalDescriptor: CInt { signals.descriptor }

  /// The next signal that has come; nil when there is none.
  func nextSignal() -> CInt? { signals.next() }

  // MARK: Modes

  /// Turns to raw mode, remembering how the terminal was. In the background, this stops the process
  /// until it is in the foreground (SIGTTOU): the modes are another program's then.
  mutating func enter() throws(TerminalClientError) {
    try Self.retry { tcdrain(STDIN_FILENO) }
    var modes = termios()
    try Self.retry { tcgetattr(STDIN_FILENO, &modes) }
    TerminalRescue.remember(modes)
    isRaw = true
    try setRawMode()
  }

  private func setRawMode() throws(TerminalClientError) {
    var modes = TerminalRescue.remembered
    // Output stays as it is, so that what others print meanwhile looks as usual.
    modes.c_iflag &= ~tcflag_t(ICRNL | INLCR | IGNCR | ISTRIP | IXON)
    modes.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
    withUnsafeMutableBytes(of: &modes.c_cc) { characters in
      characters[Int(VMIN)] = 1
      characters[Int(VTIME)] = 0
    }
    try Self.retry { tcsetattr(STDIN_FILENO, TCSADRAIN, &modes) }
    try write(Array(TerminalRescue.pasteOn.utf8))
  }

  /// Puts the terminal back as it was.
  mutating func leave() {
    guard isRaw else { return }
    TerminalRescue.restore()
    isRaw = false
  }

  /// Returns to raw mode after SIGSTOP, during which another program may have changed it.
  func reenter() throws(TerminalClientError) {
    blockedWhileStopped.apply()
    defer { blocked.apply() }
    try setRawMode()
  }

  /// Stops this process and those that were started with it, as Control-Z usually does. A stopped
  /// process can still be ended by a signal.
  mutating func suspend() throws(TerminalClientError) {
    leave()
    blockedWhileStopped.apply()
    defer { blocked.apply() }
    kill(0, SIGTSTP)
    try enter()
  }

  private static func retry(_ call: () -> CInt) throws(TerminalClientError) {
    while call() != 0 {
      if errno != EINTR { throw .cannotConfigureTerminal(Errno(rawValue: errno)) }
    }
  }

  // MARK: Bytes

  /// - Returns: what has been typed; empty when the terminal has gone.
  func read() throws(TerminalClientError) -> [UInt8]? {
    do throws(Errno) {
      return try Descriptor.read(STDIN_FILENO, atMost: Self.readSize)
    } catch .ioError {
      return []
    } catch {
      throw .cannotRead(.terminal, error)
    }
  }

  func write(_ bytes: [UInt8]) throws(TerminalClientError) {
    let output = StandardOutput.descriptor
    var rest = bytes[...]
    do {
      while !rest.isEmpty {
        if let count = try output.write(rest) {
          rest = rest.dropFirst(count)
        } else {
          Poll.writable(output.descriptor, milliseconds: -1)
        }
      }
    } catch {
      throw .cannotWrite(.terminal, error)
    }
  }
}

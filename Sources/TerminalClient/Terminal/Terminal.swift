// The terminal as an editor needs it: every key at once and as it comes, nothing echoed (termios(3)).
//
// Invariant: while `isRaw`, `TerminalRescue` knows how the terminal was, and whatever ends this process
// but SIGKILL puts it back: `leave`, `deinit`, or the rescue.

import Glibc
import LinuxSystem
import SystemPackage
import ThrongHandlers

/// Standard input and output, which are a terminal. Used by the main thread.
package struct Terminal: ~Copyable {
  private var isRaw = false

  /// Nil when a person cannot edit here: input or output is no terminal, or a dumb one.
  package init?() {
    guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else { return nil }
    guard let kind = getenv("TERM"), !["", "dumb"].contains(String(cString: kind)) else {
      return nil
    }
  }

  deinit { if isRaw { TerminalRescue.restore() } }

  /// The width; what is usual when the terminal does not know, as on a serial line.
  var columns: Int { Descriptor.terminalColumns(STDOUT_FILENO) ?? 80 }

  /// Turns to raw mode, remembering how the terminal was. In the background, this stops the process
  /// until it is in the foreground (SIGTTOU): the modes are another program's then.
  mutating func enter() throws(TerminalClientError) {
    while tcdrain(STDIN_FILENO) != 0 {
      if errno != EINTR { throw Self.lost() }
    }
    var modes = termios()
    guard tcgetattr(STDIN_FILENO, &modes) == 0 else { throw Self.lost() }
    TerminalRescue.remember(modes)
    isRaw = true
    try reenter()
  }

  /// Returns to raw mode: another program may have changed it while this process was stopped.
  func reenter() throws(TerminalClientError) {
    var modes = TerminalRescue.remembered
    // Output stays as it is: what others print in the meantime is to look as ever.
    modes.c_iflag &= ~tcflag_t(ICRNL | INLCR | IGNCR | ISTRIP | IXON)
    modes.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
    withUnsafeMutableBytes(of: &modes.c_cc) { characters in
      characters[Int(VMIN)] = 1
      characters[Int(VTIME)] = 0
    }
    while tcsetattr(STDIN_FILENO, TCSADRAIN, &modes) != 0 {
      if errno != EINTR { throw Self.lost() }
    }
    try write(Array(TerminalRescue.pasteOn.utf8))
  }

  /// Puts the terminal back as it was.
  mutating func leave() {
    guard isRaw else { return }
    TerminalRescue.restore()
    isRaw = false
  }

  /// - Returns: what has been typed; empty at the end, which is a terminal that has gone.
  func read() throws(TerminalClientError) -> [UInt8]? {
    do throws(Errno) {
      return try Descriptor.read(STDIN_FILENO, atMost: Self.readSize)
    } catch .ioError {
      return []
    } catch {
      throw TerminalClientError("cannot read the terminal: \(error.sentence)")
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
      throw TerminalClientError("cannot write to the terminal: \(error.sentence)")
    }
  }

  private static let readSize = 4096

  private static func lost() -> TerminalClientError {
    TerminalClientError(
      "cannot set the terminal: \(Errno(rawValue: errno).sentence)")
  }
}

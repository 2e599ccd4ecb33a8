// The client on a terminal: a line that is being typed below, what the server sends above it. Used by the
// main thread. One turn takes what has come from the keyboard, the server and the signals, and then draws
// once.

import Glibc
import LinuxSystem

package struct InteractiveClient: ~Copyable {
  private var terminal: Terminal
  private var decoder: KeyDecoder
  private var editor: LineEditor
  private var peerText = PeerText()
  private var screen = Screen()
  private var sendBuffer = SendBuffer()
  private let lineLimit: Int

  /// The user has ended the input.
  private var hasInputEnded = false
  private var hasServerEnded = false
  /// When a key that has come in part is taken as it is.
  private var keyDeadline = MonotonicTime.never
  /// When to say what is being waited for.
  private var hintDeadline = MonotonicTime.never

  private static let pieceSize = 64 * 1024
  /// A server that closes at the end of its input has closed by then.
  private static let hintDelay = Duration.seconds(1)

  /// - Parameter lineLimit: maximum length of a line in bytes.
  /// - Parameter historyLimit: how many lines can be recalled.
  package init(on terminal: consuming Terminal, lineLimit: Int, historyLimit: Int) {
    self.terminal = terminal
    self.lineLimit = lineLimit
    decoder = KeyDecoder(pasteLimit: lineLimit)
    editor = LineEditor(lineLimit: lineLimit, historyLimit: historyLimit)
  }

  /// Returns when the server closes the connection. The terminal is restored then, and after an error.
  /// - Returns: false when the server has closed before the end of the input.
  /// - Throws: `Poller.Interrupted` when a key or a signal ends it; ``TerminalClientError``.
  package mutating func run(
    _ socket: borrowing ClientSocket, _ poller: borrowing Poller
  ) throws -> Bool {
    try terminal.enter()
    do {
      try draw()
      while !hasServerEnded {
        try takeTurn(socket, poller)
        try draw()
      }
      peerText.finish()
      try finishScreen()
    } catch {
      try? finishScreen()
      terminal.leave()
      throw error
    }
    terminal.leave()
    return hasInputEnded
  }

  private mutating func takeTurn(
    _ socket: borrowing ClientSocket, _ poller: borrowing Poller
  ) throws {
    var entries = [
      pollfd(STDIN_FILENO, POLLIN),
      pollfd(socket.descriptor, POLLIN | (sendBuffer.isEmpty ? 0 : POLLOUT)),
      pollfd(terminal.signalDescriptor, POLLIN),
    ]
    _ = try poller.wait(for: &entries, until: min(keyDeadline, hintDeadline))
    if entries[1].isReadable { try receive(socket) }
    if entries[1].isWritable { sendBuffer.flush(socket) }
    if entries[0].isReadable { try readKeyboard(socket) }
    if entries[2].isReadable { try takeSignals() }
    // Also in the middle of a flood, which leaves no time without an event.
    try applyDeadlines(socket)
  }

  private mutating func receive(_ socket: borrowing ClientSocket) throws(TerminalClientError) {
    guard let bytes = try socket.receive(atMost: Self.pieceSize) else { return }
    hasServerEnded = bytes.isEmpty
    screen.print(peerText.take(bytes, columns: terminal.columns))
  }

  private mutating func applyDeadlines(_ socket: borrowing ClientSocket) throws {
    let now = MonotonicTime.now
    if keyDeadline <= now {
      keyDeadline = .never
      try handle(decoder.expire(), socket)
    }
    if hintDeadline <= now {
      hintDeadline = .never
      note("waiting for the server to close (Ctrl-C leaves)")
    }
  }

  private mutating func takeSignals() throws {
    while let signal = terminal.nextSignal() {
      switch signal {
      case SIGTSTP: try suspend()
      case SIGCONT:
        try terminal.reenter()
        screen.forget()
      // The next drawing asks for the size.
      case SIGWINCH: break
      default: throw Poller.Interrupted(signal: signal)
      }
    }
  }

  // MARK: The keyboard

  private mutating func readKeyboard(_ socket: borrowing ClientSocket) throws {
    guard let bytes = try terminal.read() else { return }
    // The terminal has gone.
    if bytes.isEmpty { throw Poller.Interrupted(signal: SIGHUP) }
    let keys = decoder.decode(bytes)
    keyDeadline = decoder.isWaiting ? .now + KeyDecoder.timeout : .never
    try handle(keys, socket)
  }

  private mutating func handle(_ keys: [Key], _ socket: borrowing ClientSocket) throws {
    for key in keys {
      if key == .enter, !hasInputEnded, !sendBuffer.isEmpty {
        note("the server is not reading: press Enter again later")
        continue
      }
      // After the end of the input only keys that leave, stop or clear have an effect.
      if hasInputEnded, !["c", "l", "z", "|"].contains(where: { key == .control($0) }) { continue }
      switch editor.handle(key) {
      case .edited: break
      case .submitted(let text): submit(text, socket)
      case .ended: endInput(socket)
      case .interrupted: throw Poller.Interrupted(signal: SIGINT)
      case .quit: throw Poller.Interrupted(signal: SIGQUIT)
      case .suspended: try suspend()
      case .cleared: screen.clear()
      case .refused: note("a line is at most \(lineLimit) bytes")
      }
    }
  }

  /// What was typed joins what the server had sent, as on any terminal, and goes to the server.
  private mutating func submit(_ text: String, _ socket: borrowing ClientSocket) {
    // What was pasted with its last line end gets no second one.
    let line = Array((text.hasSuffix("\n") ? text : text + "\n").utf8)
    var shown = PeerText()
    screen.print(peerText.takePartial().utf8)
    screen.print(shown.take(line, columns: .max))
    sendBuffer.send(line, socket)
  }

  private mutating func endInput(_ socket: borrowing ClientSocket) {
    hasInputEnded = true
    hintDeadline = .now + Self.hintDelay
    sendBuffer.end(socket)
  }

  // MARK: The screen

  private mutating func note(_ text: String) { screen.print("throng: \(text)\n".utf8) }

  private mutating func suspend() throws {
    try finishScreen()
    try terminal.suspend()
  }

  private mutating func draw() throws(TerminalClientError) {
    let bytes = screen.draw(prompt: peerText.partial, editor.line, columns: terminal.columns)
    if !bytes.isEmpty { try terminal.write(bytes) }
  }

  /// Draws for the last time, wherever the cursor is.
  private mutating func finishScreen() throws(TerminalClientError) {
    try draw()
    try terminal.write(screen.finish())
  }
}

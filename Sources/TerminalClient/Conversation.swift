// The interactive client on a terminal: a line that is being typed below, what the server says above it.
//
// One turn takes what has come from the keyboard, the server and the signals, and then draws once.

import Glibc
import LinuxSystem
import SystemPackage

/// A session of a user on a terminal. Used by the main thread.
package struct Conversation {
  private var decoder: KeyDecoder
  private var editor: LineEditor
  private var peer = PeerText()
  private var screen = Screen()
  private var outbound = Outbound()
  private let lineLimit: Int

  /// The user has ended the input.
  private var hasInputEnded = false
  private var hasServerEnded = false
  /// Enter was pressed while the server did not read.
  private var isLineWaiting = false
  /// When what has come of a key is all that will come.
  private var keyDeadline: ContinuousClock.Instant?
  /// When to say what is being waited for.
  private var hintDeadline: ContinuousClock.Instant?

  private static let pieceSize = 64 * 1024
  /// A server that ends at the end of its input has ended by then.
  private static let hintDelay = Duration.seconds(1)

  /// - Parameter lineLimit: the longest line in bytes.
  /// - Parameter historyLimit: how many lines can be called back.
  package init(lineLimit: Int, historyLimit: Int) {
    self.lineLimit = lineLimit
    decoder = KeyDecoder(pasteLimit: lineLimit)
    editor = LineEditor(lineLimit: lineLimit, historyLimit: historyLimit)
  }

  /// How a conversation has ended.
  package enum Ending {
    /// The server has closed the connection after the end of the input.
    case endOfInput
    /// The server has closed the connection first.
    case closedByServer
  }

  /// Returns when the server closes the connection. The terminal is restored then, and after an error.
  /// - Throws: `Interruption.Signalled` when a key or a signal ends it; ``TerminalClientError``.
  package mutating func run(
    on terminal: consuming Terminal, _ socket: borrowing ClientSocket,
    _ interruption: borrowing Interruption
  ) throws -> Ending {
    let signals = try TerminalSignals()
    try terminal.enter()
    do {
      try draw(terminal)
      while !hasServerEnded {
        try takeTurn(&terminal, socket, interruption, signals)
        try draw(terminal)
      }
      peer.finish()
      try leave(&terminal)
    } catch {
      try? leave(&terminal)
      throw error
    }
    return hasInputEnded ? .endOfInput : .closedByServer
  }

  private mutating func takeTurn(
    _ terminal: inout Terminal, _ socket: borrowing ClientSocket,
    _ interruption: borrowing Interruption, _ signals: borrowing TerminalSignals
  ) throws {
    let events = POLLIN | (outbound.isEmpty ? 0 : POLLOUT)
    var interests = [
      Interest(STDIN_FILENO, POLLIN), Interest(socket.descriptor, events),
      Interest(signals.descriptor, POLLIN),
    ]
    let deadline = [keyDeadline, hintDeadline].compactMap(\.self).min()
    _ = try interruption.wait(for: &interests, until: deadline)
    if interests[1].isReadable { try takeFromServer(socket, columns: terminal.columns) }
    if interests[1].isWritable { outbound.flush(socket) }
    if interests[0].isReadable { try takeFromKeyboard(&terminal, socket, signals) }
    if interests[2].isReadable { try takeSignals(&terminal, signals) }
    // Also in the middle of a flood, which leaves no time without an event.
    try overtime(&terminal, socket, signals)
  }

  // MARK: The keyboard

  private mutating func takeFromKeyboard(
    _ terminal: inout Terminal, _ socket: borrowing ClientSocket,
    _ signals: borrowing TerminalSignals
  ) throws {
    guard let bytes = try terminal.read() else { return }
    // The terminal has gone, and with it the person.
    if bytes.isEmpty { throw Interruption.Signalled(signal: SIGHUP) }
    let keys = decoder.decode(bytes)
    keyDeadline = decoder.isWaiting ? .now + KeyDecoder.patience : nil
    try handle(keys, &terminal, socket, signals)
  }

  private mutating func overtime(
    _ terminal: inout Terminal, _ socket: borrowing ClientSocket,
    _ signals: borrowing TerminalSignals
  ) throws {
    if let deadline = keyDeadline, deadline <= .now {
      keyDeadline = nil
      try handle(decoder.giveUp(), &terminal, socket, signals)
    }
    if let deadline = hintDeadline, deadline <= .now {
      hintDeadline = nil
      note("waiting for the server to close (Ctrl-C leaves)")
    }
  }

  private mutating func handle(
    _ keys: [Key], _ terminal: inout Terminal, _ socket: borrowing ClientSocket,
    _ signals: borrowing TerminalSignals
  ) throws {
    for key in keys {
      if key == .enter, !hasInputEnded, !outbound.isEmpty {
        note("the server is not reading; your line waits here")
        isLineWaiting = !editor.line.isEmpty
        continue
      }
      if isLineWaiting { beginNextLine(beside: key) }
      // Afterwards only what leaves or stops means something.
      if hasInputEnded, !Self.isAlwaysHeard(key) { continue }
      switch editor.handle(key) {
      case .edited: break
      case .submitted(let text): submit(text, socket)
      case .ended: endInput(socket)
      case .interrupted: throw Interruption.Signalled(signal: SIGINT)
      case .quit: throw Interruption.Signalled(signal: SIGQUIT)
      case .suspended: try suspend(&terminal, signals)
      case .cleared: screen.clear()
      case .refused:
        note("a line is at most \(lineLimit) bytes")
      }
    }
  }

  /// What is typed after a line that waits is another line, to be sent after it.
  private mutating func beginNextLine(beside key: Key) {
    isLineWaiting = false
    switch key {
    case .text, .paste:
      _ = editor.handle(.end)
      _ = editor.handle(.paste("\n"))
    default: break
    }
  }

  private static func isAlwaysHeard(_ key: Key) -> Bool {
    ["c", "l", "z", "|"].contains { key == .control($0) }
  }

  /// What was typed joins what the server had said, as on any terminal, and goes to the server.
  private mutating func submit(_ text: String, _ socket: borrowing ClientSocket) {
    // What was pasted with its last line end gets no second one.
    let line = text.hasSuffix("\n") ? text : text + "\n"
    var shown = PeerText()
    screen.print(peer.takePartial().utf8)
    screen.print(shown.take(Array(line.utf8), columns: .max))
    outbound.send(Array(line.utf8), socket)
  }

  private mutating func endInput(_ socket: borrowing ClientSocket) {
    hasInputEnded = true
    hintDeadline = .now + Self.hintDelay
    outbound.end(socket)
  }

  private mutating func note(_ text: String) { screen.print("throng: \(text)\n".utf8) }

  // MARK: The server

  private mutating func takeFromServer(
    _ socket: borrowing ClientSocket, columns: Int
  ) throws(TerminalClientError) {
    guard let bytes = try socket.receiveOrFail(atMost: Self.pieceSize) else { return }
    hasServerEnded = bytes.isEmpty
    screen.print(peer.take(bytes, columns: columns))
  }

  // MARK: The terminal

  private mutating func takeSignals(
    _ terminal: inout Terminal, _ signals: borrowing TerminalSignals
  ) throws {
    while let signal = signals.next() {
      switch signal {
      case SIGTSTP: try suspend(&terminal, signals)
      case SIGCONT:
        // After SIGSTOP, which cannot be caught.
        try signals.whileUnblocked { () throws(TerminalClientError) in try terminal.reenter() }
        screen.forget()
      // The next drawing asks for the size.
      case SIGWINCH: break
      default: throw Interruption.Signalled(signal: signal)
      }
    }
  }

  /// Stops this process and those that were started with it, as Control-Z usually does.
  private mutating func suspend(
    _ terminal: inout Terminal, _ signals: borrowing TerminalSignals
  ) throws {
    try leave(&terminal)
    try signals.whileUnblocked { () throws(TerminalClientError) in
      kill(0, SIGTSTP)
      try terminal.enter()
    }
  }

  private mutating func draw(_ terminal: borrowing Terminal) throws(TerminalClientError) {
    let columns = terminal.columns
    let bytes = screen.draw(prompt: peer.partial, editor.line, columns: columns)
    if !bytes.isEmpty { try terminal.write(bytes) }
  }

  /// Draws for the last time, wherever the cursor is.
  private mutating func leave(_ terminal: inout Terminal) throws(TerminalClientError) {
    try draw(terminal)
    try terminal.write(screen.finish())
    terminal.leave()
  }
}

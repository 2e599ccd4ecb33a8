// Makes lines of what one client sends. A value; it holds memory only while a line is unfinished.

import Throng

/// Cuts a client's bytes into lines. A line ends with LF, CR LF, CR NUL (telnet's Enter in character
/// mode) or CR alone (a terminal in raw mode). `Connection.lines` is not used because its iteration ends
/// at a line that is too long, and because telnet's commands, which are taken out here, may contain a
/// newline.
struct ChatLines {
  enum Line {
    /// Without its terminator; valid during the call.
    case text(UnsafeRawBufferPointer)
    /// Told once, as soon as it is known: what is left of the line is dropped.
    case tooLong
    /// Not a line: telnet(1) waits for an answer, see `TelnetFilter.timingMark`.
    case timingMark
  }

  private var telnet = TelnetFilter()
  /// The beginning of a line whose end has not come.
  private var pending: [UInt8] = []
  /// The line was too long, its end has not come.
  private var isDropping = false
  /// The last byte was a CR: an LF or NUL after it belongs to it.
  private var followsReturn = false

  mutating func receive(_ bytes: Bytes, maximumLength: Int, _ body: (Line) -> Void) {
    if telnet.isWithinText, bytes.firstIndex(of: TelnetFilter.commandByte) == nil {
      return bytes.withUnsafeBytes { split($0, maximumLength, body) }
    }
    let (text, marks) = telnet.strip(bytes)
    text.withUnsafeBytes { split($0, maximumLength, body) }
    for _ in 0..<marks { body(.timingMark) }
  }

  /// Nothing more will come: a last line without a terminator counts.
  mutating func finish(_ body: (Line) -> Void) {
    guard !pending.isEmpty else { return }
    let line = pending
    pending = []
    line.withUnsafeBytes { body(.text($0)) }
  }

  private mutating func split(
    _ buffer: UnsafeRawBufferPointer, _ maximumLength: Int, _ body: (Line) -> Void
  ) {
    var start = 0
    for index in 0..<buffer.count {
      let byte = buffer[index]
      if followsReturn {
        followsReturn = false
        if byte == UInt8(ascii: "\n") || byte == 0 {
          start = index + 1
          continue
        }
      }
      guard byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") else { continue }
      followsReturn = byte == UInt8(ascii: "\r")
      end(UnsafeRawBufferPointer(rebasing: buffer[start..<index]), maximumLength, body)
      start = index + 1
    }
    keep(UnsafeRawBufferPointer(rebasing: buffer[start...]), maximumLength, body)
  }

  private mutating func end(
    _ rest: UnsafeRawBufferPointer, _ maximumLength: Int, _ body: (Line) -> Void
  ) {
    if isDropping {
      isDropping = false
    } else if pending.count + rest.count > maximumLength {
      pending = []
      body(.tooLong)
    } else if pending.isEmpty {
      body(.text(rest))
    } else {
      let line = pending + rest
      pending = []
      line.withUnsafeBytes { body(.text($0)) }
    }
  }

  private mutating func keep(
    _ rest: UnsafeRawBufferPointer, _ maximumLength: Int, _ body: (Line) -> Void
  ) {
    guard !isDropping, !rest.isEmpty else { return }
    if pending.count + rest.count > maximumLength {
      pending = []
      isDropping = true
      body(.tooLong)
    } else {
      pending += rest
    }
  }
}

// The standard error of a program as lines of the log. On the thread of `Children`.

import LinuxSystem
import Logging
import Synchronization
import SystemPackage
import ThrongHandlers

final class ErrorLog: Sendable {
  private let log: Logger
  private let metadata: Logger.Metadata
  /// The beginning of a line.
  private let line = Mutex<[UInt8]>([])

  /// A longer line is logged in pieces.
  private static let maximumLineLength = 4096
  /// Somewhat more than a pipe holds: what a program has written before its end is read at once, and other
  /// programs have lines as well.
  private static let readsInARow = 20

  init(_ log: Logger, _ metadata: Logger.Metadata) {
    self.log = log
    self.metadata = metadata
  }

  /// Logs the lines that have come.
  /// - Returns: false at the end.
  func read(from descriptor: CInt) -> Bool {
    for _ in 0..<Self.readsInARow {
      let read: [UInt8]?
      do throws(Errno) {
        read = try Descriptor.read(descriptor, atMost: Self.maximumLineLength)
      } catch {
        return false
      }
      guard let bytes = read else { return true }
      if bytes.isEmpty { return false }
      add(bytes)
    }
    return true
  }

  private func add(_ bytes: [UInt8]) {
    let lines: [[UInt8]] = line.withLock { line in
      line += bytes
      var lines = line.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      let rest = lines.removeLast()
      line = rest.count < Self.maximumLineLength ? Array(rest) : []
      if rest.count >= Self.maximumLineLength { lines.append(rest) }
      return lines.map(Array.init)
    }
    for line in lines { write(line) }
  }

  /// Logs a line without an end.
  func flush() {
    let rest = line.withLock { line in
      defer { line = [] }
      return line
    }
    if !rest.isEmpty { write(rest) }
  }

  /// The text may come from the client, so it cannot control a terminal that shows the log.
  private func write(_ line: [UInt8]) {
    var escaper = TerminalEscaper()
    let text = escaper.escape(line) + escaper.finish()
    log.info("\(String(decoding: text, as: UTF8.self))", metadata: metadata)
  }
}

// Standard error: everything that is not data. Never blocks: lines that are not read are dropped, and
// counted in a line of their own (see `OutputQueue`).

import Glibc
import LinuxSystem
import Throng
import ThrongHandlers

enum StandardError {
  private static let queue = OutputQueue(OutputDescriptor(STDERR_FILENO)) { dropped in
    let lines = dropped.pieces == 1 ? "1 line was" : "\(dropped.pieces) lines were"
    let text = "\(lines) dropped: standard error did not take them"
    return Array("\(Timestamp.now) warning: \(text)\n".utf8)
  }

  /// Writes a line in one call, so that the lines of several threads do not mix.
  static func write(_ line: String) { draw(line + "\n") }

  /// Text without a newline of its own.
  static func draw(_ text: String) { queue.write(Array(text.utf8)) }

  static func setLimits(_ limits: OutputQueue.Limits) { queue.setLimits(limits) }

  /// Waits until all is written, but not longer than until the deadline.
  static func flush(until deadline: MonotonicTime) { queue.flush(until: deadline) }
}

// Standard error: everything that is not data. Never blocks: lines that are not read are dropped, and
// counted in a line of their own (see `OutputQueue`).

import Glibc
import LinuxSystem
import Logging
import Synchronization
import Throng
import ThrongHandlers

enum StandardError {
  private static let queue = OutputQueue(OutputDescriptor(STDERR_FILENO)) { dropped in
    let lines = dropped.pieces == 1 ? "1 line was" : "\(dropped.pieces) lines were"
    let text = "\(lines) dropped: standard error did not take them"
    return Array((format.line(.warning, text) + "\n").utf8)
  }

  private static let chosenFormat = Mutex(LogFormat.text)

  /// The format of the log. `throng serve` chooses it before it writes its first line.
  static var format: LogFormat {
    get { chosenFormat.withLock { $0 } }
    set { chosenFormat.withLock { $0 = newValue } }
  }

  /// Writes what is no line of the log: the sentence as it is, unless every line must be an object.
  static func report(_ level: Logger.Level, _ sentence: String, _ metadata: Logger.Metadata = [:]) {
    write(format == .json ? format.line(level, sentence, metadata) : sentence)
  }

  /// Writes what goes wrong with the program as a whole.
  static func reportFailure(_ sentence: String) {
    write(format == .json ? format.line(.error, sentence) : "throng: \(sentence)")
  }

  /// Writes a line in one call, so that the lines of several threads do not mix.
  static func write(_ line: String) { draw(line + "\n") }

  /// Text without a newline of its own.
  static func draw(_ text: String) { queue.write(Array(text.utf8)) }

  static func setLimits(_ limits: OutputQueue.Limits) { queue.setLimits(limits) }

  /// Waits until all is written, but not longer than until the deadline.
  static func flush(until deadline: MonotonicTime) { queue.flush(until: deadline) }
}

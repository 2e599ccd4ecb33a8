// The lines that were sent, to be called back. Pure; gone when the conversation ends, because what is
// said to a server may be a secret.

struct History {
  /// An evening's talk; of usual lines it is a few hundred kilobytes.
  static let standardLimit = 1000

  private let limit: Int
  private var lines: [String] = []
  /// The line that is shown; `lines.count` for the one being typed.
  private var place = 0
  /// What was being typed when the first line was called back.
  private var draft = ""

  init(limit: Int) { self.limit = limit }

  /// Keeps a line that was sent, unless it is empty or the last one again, and goes back to the present.
  mutating func add(_ line: String) {
    if !line.isEmpty, line != lines.last { lines.append(line) }
    if lines.count > limit { lines.removeFirst() }
    place = lines.count
  }

  /// The line before the one that is shown; nil when there is none.
  /// - Parameter current: what stands there now, kept if it is the line being typed.
  mutating func older(than current: String) -> String? {
    guard place > 0 else { return nil }
    if place == lines.count { draft = current }
    place -= 1
    return lines[place]
  }

  /// The line after the one that is shown, at last the one that was being typed.
  mutating func newer() -> String? {
    guard place < lines.count else { return nil }
    place += 1
    return place == lines.count ? draft : lines[place]
  }
}

// The lines that were sent, to be recalled. Pure; kept in memory only, because what is sent to a server
// may be a secret.

package struct LineHistory {
  /// Of usual lines, this is a few hundred kilobytes.
  package static let standardLimit = 1000

  private let limit: Int
  private var lines: [String] = []
  /// Index of the line that is shown; `lines.count` for the one being typed.
  private var index = 0
  /// What was left at an index other than what is kept there: the line being typed, and recalled lines
  /// that were changed. Discarded with the next new line.
  private var drafts: [Int: String] = [:]

  init(limit: Int) { self.limit = limit }

  /// Keeps a line that was sent, unless it is empty or the last one again, and begins a new one.
  mutating func add(_ line: String) {
    if !line.isEmpty, line != lines.last { lines.append(line) }
    if lines.count > limit { lines.removeFirst() }
    beginLine()
  }

  mutating func beginLine() {
    index = lines.count
    drafts = [:]
  }

  /// Another line than the one that is shown; nil when there is none.
  /// - Parameter step: -1 for the older one, 1 for the newer one.
  /// - Parameter current: what is shown now.
  mutating func move(by step: Int, from current: String) -> String? {
    guard (0...lines.count).contains(index + step) else { return nil }
    drafts[index] = current == kept(at: index) ? nil : current
    index += step
    return drafts[index] ?? kept(at: index)
  }

  private func kept(at index: Int) -> String { index == lines.count ? "" : lines[index] }
}

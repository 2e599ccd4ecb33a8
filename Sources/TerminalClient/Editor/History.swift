// The lines that were sent, to be called back. Pure; gone when the conversation ends, because what is
// said to a server may be a secret.

package struct History {
  /// Of usual lines, this is a few hundred kilobytes.
  package static let standardLimit = 1000

  private let limit: Int
  private var lines: [String] = []
  /// The line that is shown; `lines.count` for the one being typed.
  private var place = 0
  /// What was left at a place other than what is kept there: the line being typed, and lines that were
  /// called back and changed. Forgotten when the person is back in the present with a new line.
  private var drafts: [Int: String] = [:]

  init(limit: Int) { self.limit = limit }

  /// Keeps a line that was sent, unless it is empty or the last one again, and goes back to the present.
  mutating func add(_ line: String) {
    if !line.isEmpty, line != lines.last { lines.append(line) }
    if lines.count > limit { lines.removeFirst() }
    returnToPresent()
  }

  /// A new line begins.
  mutating func returnToPresent() {
    place = lines.count
    drafts = [:]
  }

  /// The line before the one that is shown; nil when there is none.
  /// - Parameter current: what stands there now, and will again.
  mutating func older(than current: String) -> String? { move(by: -1, from: current) }

  /// The line after the one that is shown, at last the one that was being typed.
  mutating func newer(than current: String) -> String? { move(by: 1, from: current) }

  private mutating func move(by step: Int, from current: String) -> String? {
    guard (0...lines.count).contains(place + step) else { return nil }
    drafts[place] = current == kept(at: place) ? nil : current
    place += step
    return drafts[place] ?? kept(at: place)
  }

  private func kept(at place: Int) -> String { place == lines.count ? "" : lines[place] }
}

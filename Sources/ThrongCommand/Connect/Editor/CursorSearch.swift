// Asking the terminal where its cursor is, after it has become narrower. A value; whoever owns it keeps
// the time.
//
// First it waits until nobody resizes any more: a terminal is resized first and tells us later (tmux up
// to 250 ms), and an answer from before the last resizing would have us draw over what the server said.

struct CursorSearch {
  /// Longer than terminals keep a new size to themselves.
  private static let quiet = Duration.milliseconds(300)
  /// A terminal answers at once, one behind a slow line within this.
  private static let patience = Duration.milliseconds(500)

  private(set) var isAsked = false
  /// When to ask, or when there will be no answer.
  private(set) var deadline = ContinuousClock.now + quiet

  /// The terminal has been asked.
  mutating func ask() {
    isAsked = true
    deadline = .now + Self.patience
  }
}

// How far a stop has got. A stop that does not get to its end goes further when its deadline comes.

import LinuxSystem

/// What is asked of a server's event loops.
enum StopStage: Int, Comparable {
  case running
  /// Accept nothing more and let the handlers finish.
  case draining
  /// Reset the connections and cancel their handlers.
  case resetting
  /// The event loops are not waited for any longer.
  case abandoned

  static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

struct StopProgress {
  private(set) var stage = StopStage.running
  /// When the next stage begins.
  private(set) var deadline = MonotonicTime.never
  private let drainTimeout: Duration

  /// How long handlers may ignore that they are cancelled.
  static let abortGrace = Duration.seconds(1)

  init(drainTimeout: Duration) { self.drainTimeout = drainTimeout }

  /// A later stage is asked for; an earlier one changes nothing.
  mutating func advance(to asked: StopStage, now: MonotonicTime) {
    guard asked > stage else { return }
    stage = asked
    deadline =
      switch stage {
      case .running, .abandoned: .never
      case .draining: now + drainTimeout
      case .resetting: now + Self.abortGrace
      }
  }

  /// Begins the next stage when its time has come.
  mutating func advanceIfDue(now: MonotonicTime) {
    guard deadline <= now, let next = StopStage(rawValue: stage.rawValue + 1) else { return }
    advance(to: next, now: now)
  }
}

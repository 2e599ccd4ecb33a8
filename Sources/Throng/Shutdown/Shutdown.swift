// How far a shutdown has come: one state machine for servers, their event loops, and clients. A value:
// its owner says what is asked and what time it is, and does what the stage that begins requires.

import LinuxSystem

/// The stages of a shutdown, in their order.
enum ShutdownStage: Int, Comparable, Sendable {
  case running
  /// Take no new clients and make no new connections; let the handlers finish.
  case draining
  /// Reset the connections and cancel their handlers.
  case resetting
  /// Nothing is left, or what is left is not waited for any longer.
  case ended

  static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

struct Shutdown: Sendable {
  /// How long a stage may last before the next one begins.
  struct Limits: Sendable {
    var drain: Duration
    /// How long handlers may ignore that they are cancelled.
    var reset: Duration = .seconds(1)
  }

  private(set) var stage = ShutdownStage.running
  /// When the next stage begins unless the shutdown has ended before.
  private(set) var deadline = MonotonicTime.never
  private let limits: Limits?

  /// - Parameter limits: nil where the owner is told of every stage.
  init(limits: Limits?) { self.limits = limits }

  var isRunning: Bool { stage == .running }
  var hasEnded: Bool { stage == .ended }

  /// Begins the stage that is asked for, or the next one when its time has come. An earlier stage than
  /// the present one changes nothing; stages may be skipped.
  /// - Returns: the stage that begins, if one does.
  mutating func advance(to asked: ShutdownStage, now: MonotonicTime) -> ShutdownStage? {
    var next = asked
    if deadline <= now, let due = ShutdownStage(rawValue: stage.rawValue + 1) {
      next = max(asked, due)
    }
    guard next > stage else { return nil }
    stage = next
    deadline = limits.map { end(of: next, $0, now) } ?? .never
    return next
  }

  private func end(
    of stage: ShutdownStage, _ limits: Limits, _ now: MonotonicTime
  ) -> MonotonicTime {
    switch stage {
    case .running, .ended: .never
    case .draining: now + limits.drain
    case .resetting: now + limits.reset
    }
  }

  /// Ends the shutdown: nothing is left.
  /// - Returns: whether it had not ended before.
  mutating func end() -> Bool {
    guard !hasEnded else { return false }
    stage = .ended
    deadline = .never
    return true
  }
}

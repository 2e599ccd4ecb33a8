// What the loops of servers and clients have in common: a loop with connections that any thread can ask to
// shut down. The request is an atomic and a wakeup, so that it waits for no lock; the loop's own thread
// carries it out.

import LinuxSystem
import Logging
import Synchronization

class ConnectionLoop: ConnectionContext, @unchecked Sendable {
  // Invariant behind @unchecked: the token is under a lock, the stage is an atomic; subclasses lock theirs.
  private let token = Mutex(Token(rawValue: .max))
  /// The raw value of a `ShutdownStage`.
  private let asked = Atomic<Int>(ShutdownStage.running.rawValue)

  /// What tasks open, see `OpeningOwner`.
  final let openings = Mutex<[Opening]>([])
  final let opened = Mutex<[ObjectIdentifier: [Connection]]>([:])
  final let openedCount = Atomic<Int>(0)
  /// Of the connections that tasks open, which are not the server's clients.
  final let outboundCounters = Counters()

  /// Registers for wakeups and for the timer. Called once, by the subclass's initializer.
  final func register(_ source: any EventSource) {
    token.withLock { $0 = loop.register(source) }
  }

  /// Has `handleWakeup` called. Any thread.
  final func wake() { loop.wake(token.withLock { $0 }) }

  /// On a thread of the loop.
  final func setTimer(at deadline: MonotonicTime) {
    loop.setTimer(token.withLock { $0 }, at: deadline)
  }

  // MARK: Shutdown

  /// What was asked for.
  final var askedStage: ShutdownStage {
    ShutdownStage(rawValue: asked.load(ordering: .acquiring)) ?? .running
  }

  /// Asks for a stage of the shutdown. Any thread.
  final func requestStop(_ stage: ShutdownStage) {
    let before = asked.max(stage.rawValue, ordering: .acquiringAndReleasing).oldValue
    if before < stage.rawValue { wake() }
  }

  /// Drains or resets the connections as the stage that begins requires. On a thread of the loop, without
  /// a lock held: connections call back.
  /// - Parameter isSpared: whether a connection goes on as before.
  final func endConnections(
    _ stage: ShutdownStage, sparing isSpared: (Connection) -> Bool = { _ in false }
  ) {
    let connections = loop.sources.compactMap { $0 as? Connection }.filter {
      // Handlers that drain finish with the connections that they have opened.
      (stage == .resetting || !$0.context.isOpenedByTask) && !isSpared($0)
    }
    guard !connections.isEmpty else { return }
    switch stage {
    case .running, .ended: return
    case .draining:
      log.info("draining, connections open: \(connections.count)")
      for connection in connections { connection.kind.drain() }
    case .resetting:
      counters.resetAtStop.add(connections.count)
      log.warning("resetting the connections that had not finished: \(connections.count)")
      for connection in connections { connection.kind.abort() }
    }
  }

  /// Ends `run` of the loop. Called once, on a thread of the loop.
  final func finishLoop() {
    deregister()
    loop.finish()
  }

  /// For a loop that will never run: it and its event loop keep each other.
  final func deregister() { loop.deregister(token.withLock { $0 }) }
}

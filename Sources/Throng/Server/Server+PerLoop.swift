// Handlers of which each event loop has its own: their state is used by one thread, and needs no lock. They
// are made on the loop's thread before it serves its first connection, and called there only.

import LinuxSystem
import Logging

extension Server {
  /// A server in which each event loop has a handler of its own, whose state needs no lock: a cache, a pool of
  /// buffers, counters.
  ///
  /// ```swift
  /// final class Cached: Handler {
  ///   private var values: [Bytes: Bytes] = [:]
  ///
  ///   func handle(_ connection: Connection) async throws {
  ///     for try await key in connection.lines() {
  ///       let value = values[key] ?? compute(key)
  ///       values[key.compacted()] = value
  ///       try await connection.send(value)
  ///     }
  ///   }
  /// }
  ///
  /// try Server(perLoop: { Cached() }, model: .reactor(loops: 4)).run()
  /// ```
  ///
  /// All connections of a loop share its handler, and an `await` lets them take turns: what must not change in
  /// between is done without one. A handler that is not `Sendable` cannot be given to a child task or an
  /// actor, which the compiler checks; in a task that prefers another executor, it must not be used. Loops share
  /// nothing: what a client has changed is seen by the other clients of its loop.
  /// - Parameters:
  ///   - makeHandler: called once for each loop, on its thread: once in all with one loop.
  ///   - model: a reactor; `run()` and ``listen()`` throw ``ServerError/noEventLoops(_:)`` for others,
  ///     whose threads take connections from each other or have one each.
  ///   - configuration: what the server listens on, and its limits.
  ///   - log: what happens is logged there.
  public convenience init<H: Handler>(
    perLoop makeHandler: @escaping @Sendable () -> sending H, model: Model = .reactor,
    configuration: Configuration = Configuration(), log: Logger = Logger(label: "throng")
  ) {
    self.init(.perLoop { .loopHandler(LoopHandler(makeHandler)) }, model, configuration, log)
  }

  /// The same for the callback API.
  public convenience init<H: EventHandler>(
    eventsPerLoop makeHandler: @escaping @Sendable () -> sending H, model: Model = .reactor,
    configuration: Configuration = Configuration(), log: Logger = Logger(label: "throng")
  ) {
    self.init(
      .perLoop { .events(LoopCallbacks { EventCallbacksOf(makeHandler()) }) },
      model, configuration, log)
  }

  /// The same for the callback API with a state for each connection.
  public convenience init<H: StatefulEventHandler>(
    eventsPerLoop makeHandler: @escaping @Sendable () -> sending H, model: Model = .reactor,
    configuration: Configuration = Configuration(), log: Logger = Logger(label: "throng")
  ) {
    self.init(
      .perLoop { .events(LoopCallbacks { StatefulEventCallbacks(makeHandler()) }) },
      model, configuration, log)
  }
}

/// Where the loops of a server get what serves their connections.
enum HandlerSource: Sendable {
  case shared(ConnectionHandler)
  case perLoop(@Sendable () -> ConnectionHandler)

  var isPerLoop: Bool { if case .perLoop = self { true } else { false } }

  /// For one loop.
  func make() -> ConnectionHandler {
    switch self {
    case .shared(let handler): handler
    case .perLoop(let make): make()
    }
  }
}

/// The handler of one loop.
final class LoopHandler: @unchecked Sendable {
  // Invariant behind @unchecked: `made` is touched by the thread that has called `prepare` only.
  private var made: (handler: any Handler, thread: UInt)?
  private let make: @Sendable () -> any Handler

  init(_ make: @escaping @Sendable () -> any Handler) { self.make = make }

  func prepare() { made = (make(), Thread.currentID) }

  /// On the loop's thread.
  var handler: any Handler {
    guard let made, made.thread == Thread.currentID else {
      preconditionFailure("a loop's handler is used by the thread of the loop")
    }
    return made.handler
  }
}

/// The event handler of one loop.
final class LoopCallbacks: EventCallbacks, @unchecked Sendable {
  // Invariant behind @unchecked: `callbacks` is touched on the loop's thread only, which `prepare` has run on.
  @exclusivity(unchecked)
  private var callbacks: (any EventCallbacks)?
  @exclusivity(unchecked)
  private var thread: UInt = 0
  private let make: @Sendable () -> any EventCallbacks

  init(_ make: @escaping @Sendable () -> any EventCallbacks) { self.make = make }

  func prepare() {
    callbacks = make()
    thread = Thread.currentID
  }

  private var ready: any EventCallbacks {
    assert(thread == Thread.currentID, "a loop's handler is used by the thread of the loop")
    // `prepare` comes before the loop serves.
    return callbacks!
  }

  func opened(_ connection: Connection) { ready.opened(connection) }
  func received(_ bytes: Bytes, on connection: Connection) { ready.received(bytes, on: connection) }
  func writable(_ connection: Connection) { ready.writable(connection) }
  func inputEnded(_ connection: Connection) { ready.inputEnded(connection) }
  func timerFired(on connection: Connection) { ready.timerFired(on: connection) }
  func closed(_ connection: Connection, error: ConnectionError?) {
    ready.closed(connection, error: error)
  }
}

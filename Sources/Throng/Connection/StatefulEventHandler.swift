// An event handler with a state of its own for each connection. The state is in a box that the connection
// holds; only the callbacks touch it, and they come one at a time.

/// Serves clients by callbacks, as an ``EventHandler`` does, and keeps a state for each connection.
///
/// ```swift
/// struct Counter: StatefulEventHandler {
///   func opened(_ connection: Connection) -> Int { 0 }
///
///   func received(_ bytes: Bytes, on connection: Connection, _ count: inout Int) {
///     count += bytes.count
///     try? connection.write("\(count)\n")
///   }
/// }
///
/// try Server(events: Counter()).run()
/// ```
///
/// The callbacks for one connection come one at a time, so the state needs no lock. They must not block
/// under the reactor.
public protocol StatefulEventHandler: SendableMetatype {
  /// What is kept for each connection.
  associatedtype State

  /// A client has connected.
  /// - Returns: the connection's state at first.
  func opened(_ connection: Connection) -> State

  /// The client has sent something. Keeping `bytes` is safe, and costs its storage.
  func received(_ bytes: Bytes, on connection: Connection, _ state: inout State)

  /// What was queued above the high-water mark has drained below the low-water mark.
  func writable(_ connection: Connection, _ state: inout State)

  /// The client has sent FIN, or the server is draining: nothing more will be received. Closes the
  /// connection unless implemented.
  func inputEnded(_ connection: Connection, _ state: inout State)

  /// The time of ``Connection/setTimer(after:)`` has passed.
  func timerFired(on connection: Connection, _ state: inout State)

  /// The connection is over; `error` says why when it was not an orderly end.
  /// - Parameters:
  ///   - connection: it can still be identified, and nothing more.
  ///   - error: why it was lost, reset or timed out.
  ///   - state: the last state; it is gone afterwards.
  func closed(_ connection: Connection, error: ConnectionError?, _ state: State)
}

extension StatefulEventHandler {
  /// Does nothing.
  public func writable(_ connection: Connection, _ state: inout State) {}
  /// Closes the connection.
  public func inputEnded(_ connection: Connection, _ state: inout State) { connection.close() }
  /// Does nothing.
  public func timerFired(on connection: Connection, _ state: inout State) {}
  /// Does nothing.
  public func closed(_ connection: Connection, error: ConnectionError?, _ state: State) {}
}

final class StatefulEventCallbacks<Events: StatefulEventHandler>: EventCallbacks,
  @unchecked Sendable
{
  // Invariant behind @unchecked: as of `EventCallbacksOf`.
  private final class Box {
    @exclusivity(unchecked)
    var state: Events.State
    init(_ state: Events.State) { self.state = state }
  }

  private let handler: Events

  init(_ handler: Events) { self.handler = handler }

  private func box(_ connection: Connection) -> Box {
    // `opened` comes before every other callback.
    unsafeDowncast(connection.eventState!, to: Box.self)
  }

  func opened(_ connection: Connection) { connection.eventState = Box(handler.opened(connection)) }

  func received(_ bytes: Bytes, on connection: Connection) {
    handler.received(bytes, on: connection, &box(connection).state)
  }

  func writable(_ connection: Connection) { handler.writable(connection, &box(connection).state) }

  func inputEnded(_ connection: Connection) {
    handler.inputEnded(connection, &box(connection).state)
  }

  func timerFired(on connection: Connection) {
    handler.timerFired(on: connection, &box(connection).state)
  }

  func closed(_ connection: Connection, error: ConnectionError?) {
    handler.closed(connection, error: error, box(connection).state)
    connection.eventState = nil
  }
}

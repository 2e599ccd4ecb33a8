// The two ways to say what happens with one client. Both run on the same connections, under any model.

/// Serves one client from accept to close, as plain sequential code.
///
/// `handle` is called once for each connection. When it returns, what it has sent is flushed and the
/// connection is closed; when it throws, the error is logged and the connection is closed in the same
/// way. No other connection notices.
///
/// When the client is gone while the handler awaits something else than its connection, the handler's task is
/// cancelled: a sleep ends, and `Task.isCancelled` says so. Gone means that the client has reset the
/// connection, or that the connection was lost or has met a limit; FIN alone means nothing of that kind, for
/// the client may still read. A thread pool learns of a reset only at the next call on the connection,
/// or while ``Connection/closed`` is awaited. ``ConnectionOptions/cancelsOnClose`` takes FIN for an end, too,
/// once everything before it was received, under every model.
///
/// A handler that serves all connections of a server is `Sendable`. One that is made for each event loop,
/// see ``Server/init(perLoop:model:configuration:log:)``, need not be.
public protocol Handler: SendableMetatype {
  /// What happens with one client. Under the reactor it runs on the loop's thread: an `await` that
  /// must wait lets other clients be served, a call that blocks holds all of them up.
  func handle(_ connection: Connection) async throws
}

/// Serves clients by callbacks: no task and no stack, so an idle connection costs a few hundred bytes.
///
/// The callbacks for one connection come one at a time, from a thread of the model. They must not
/// block under the reactor. Send with ``Connection/write(_:flush:policy:)``.
public protocol EventHandler: SendableMetatype {
  /// A client has connected.
  func opened(_ connection: Connection)

  /// The client has sent something. Keeping `bytes` is safe, and costs its storage.
  func received(_ bytes: Bytes, on connection: Connection)

  /// What was queued above the high-water mark has drained below the low-water mark.
  func writable(_ connection: Connection)

  /// The client has sent FIN, or the server is draining: nothing more will be received. Closes the
  /// connection unless implemented.
  func inputEnded(_ connection: Connection)

  /// The time of ``Connection/setTimer(after:)`` has passed.
  func timerFired(on connection: Connection)

  /// The connection is over; `error` says why when it was not an orderly end.
  func closed(_ connection: Connection, error: ConnectionError?)
}

extension EventHandler {
  /// Does nothing.
  public func opened(_ connection: Connection) {}
  /// Does nothing.
  public func writable(_ connection: Connection) {}
  /// Closes the connection.
  public func inputEnded(_ connection: Connection) { connection.close() }
  /// Does nothing.
  public func timerFired(on connection: Connection) {}
  /// Does nothing.
  public func closed(_ connection: Connection, error: ConnectionError?) {}
}

/// What serves the connections of a server.
enum ConnectionHandler: Sendable {
  case handler(any Handler & Sendable)
  case loopHandler(LoopHandler)
  case events(any EventCallbacks)
  /// A task has opened the connection and uses it.
  case opener

  var callbacks: (any EventCallbacks)? {
    if case .events(let callbacks) = self { callbacks } else { nil }
  }

  /// What serves a connection as a task.
  var taskHandler: (any Handler)? {
    switch self {
    case .handler(let handler): handler
    case .loopHandler(let loopHandler): loopHandler.handler
    case .events, .opener: nil
    }
  }

  /// Makes what each event loop has for itself. On the loop's thread, before it serves.
  func prepare() {
    switch self {
    case .loopHandler(let handler): handler.prepare()
    case .events(let callbacks): callbacks.prepare()
    case .handler, .opener: break
    }
  }
}

/// An event handler behind a class reference: calling it copies no existential.
protocol EventCallbacks: AnyObject, Sendable {
  func opened(_ connection: Connection)
  func received(_ bytes: Bytes, on connection: Connection)
  func writable(_ connection: Connection)
  func inputEnded(_ connection: Connection)
  func timerFired(on connection: Connection)
  func closed(_ connection: Connection, error: ConnectionError?)
  /// See `ConnectionHandler.prepare`.
  func prepare()
}

extension EventCallbacks {
  func prepare() {}
}

final class EventCallbacksOf<Events: EventHandler>: EventCallbacks, @unchecked Sendable {
  // Invariant behind @unchecked: the handler is `Sendable`, or belongs to one event loop's thread.
  private let handler: Events

  init(_ handler: Events) { self.handler = handler }

  func opened(_ connection: Connection) { handler.opened(connection) }
  func received(_ bytes: Bytes, on connection: Connection) {
    handler.received(bytes, on: connection)
  }
  func writable(_ connection: Connection) { handler.writable(connection) }
  func inputEnded(_ connection: Connection) { handler.inputEnded(connection) }
  func timerFired(on connection: Connection) { handler.timerFired(on: connection) }
  func closed(_ connection: Connection, error: ConnectionError?) {
    handler.closed(connection, error: error)
  }
}

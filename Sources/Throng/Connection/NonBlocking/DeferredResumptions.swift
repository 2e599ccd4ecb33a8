// What a change of a connection's state has made ready, run once its lock is released. Received bytes
// are the way of every message; everything else is rare and kept apart.

import SystemPackage

struct DeferredResumptions {
  var readWaiter: ReadWaiter?
  var received: Bytes?
  private var rare: Rare?

  final class Rare {
    var readFailure: ConnectionError?
    var writeWaiters: [WriteWaiter] = []
    var writeFailure: ConnectionError?
    /// For an event handler.
    var inputEnded = false
    var writable = false
    var timerFired = false
    var ended = false
    var endFailure: ConnectionError?
    /// The handler's, whose client is gone.
    var cancelledTask: Task<Void, Never>?
    /// The connection is over.
    var closed = false

    var callsBack: Bool { writable || inputEnded || timerFired || ended }
  }

  /// The rare things; there are some from now on.
  var besides: Rare {
    mutating get {
      if let rare { return rare }
      let new = Rare()
      rare = new
      return new
    }
  }

  /// Whether an event handler is told something.
  var callsBack: Bool {
    received != nil || rare?.callsBack ?? false
  }

  @inline(__always)
  func perform(on connection: NonBlockingConnection) {
    if let readWaiter {
      if let failure = rare?.readFailure {
        readWaiter.continuation.resume(throwing: failure)
      } else {
        readWaiter.continuation.resume(returning: received)
      }
    } else if let received, let callbacks = connection.context.callbacks {
      callbacks.received(received, on: connection)
    }
    if let rare { rare.perform(on: connection) }
  }
}

extension DeferredResumptions.Rare {
  fileprivate func perform(on connection: NonBlockingConnection) {
    for writeWaiter in writeWaiters {
      if let writeFailure {
        writeWaiter.continuation.resume(throwing: writeFailure)
      } else {
        writeWaiter.continuation.resume()
      }
    }
    if let callbacks = connection.context.callbacks {
      if writable { callbacks.writable(connection) }
      if inputEnded { callbacks.inputEnded(connection) }
      if timerFired { callbacks.timerFired(on: connection) }
      if ended { callbacks.closed(connection, error: endFailure) }
    }
    cancelledTask?.cancel()
    if closed { connection.context.didClose(connection) }
  }
}

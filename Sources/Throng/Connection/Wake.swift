// What a change of a connection's state has made ready, run once its lock is released.

import SystemPackage

struct Wake {
  var receiver: Receiver?
  var received: Bytes?
  var receiverFailure: ConnectionError?
  var senders: [Sender] = []
  var senderFailure: ConnectionError?
  /// For an event handler.
  var inputEnded = false
  var writable = false
  var ended = false
  var endFailure: ConnectionError?
  /// The connection is over.
  var closed = false

  @inline(__always)
  func perform(on connection: ReadyConnection) {
    if let receiver {
      if let receiverFailure {
        receiver.continuation.resume(throwing: receiverFailure)
      } else {
        receiver.continuation.resume(returning: received)
      }
    }
    if !senders.isEmpty { resumeSenders() }
    if let callbacks = connection.context.callbacks { call(callbacks, connection) }
    if closed { connection.context.didClose(connection) }
  }

  private func resumeSenders() {
    for sender in senders {
      if let senderFailure {
        sender.continuation.resume(throwing: senderFailure)
      } else {
        sender.continuation.resume()
      }
    }
  }

  @inline(__always)
  private func call(_ handler: EventCallbacks, _ connection: ReadyConnection) {
    if let received { handler.received(received, on: connection) }
    if writable { handler.writable(connection) }
    if inputEnded { handler.inputEnded(connection) }
    if ended { handler.closed(connection, error: endFailure) }
  }
}

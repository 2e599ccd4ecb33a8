// What a change of a connection's state has made ready, run once its lock is released.

import SystemPackage

struct Wake {
  var reader: ReadyConnection.Reader?
  var received: Bytes?
  var readerFailure: ConnectionError?
  var senders: [ReadyConnection.Sender] = []
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
    if let reader {
      if let readerFailure {
        reader.continuation.resume(throwing: readerFailure)
      } else {
        reader.continuation.resume(returning: received)
      }
    }
    if !senders.isEmpty { resumeSenders() }
    if case .events(let handler) = connection.context.service { call(handler, connection) }
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
  private func call(_ handler: any EventHandler, _ connection: ReadyConnection) {
    if let received { handler.received(received, on: connection) }
    if writable { handler.writable(connection) }
    if inputEnded { handler.inputEnded(connection) }
    if ended { handler.closed(connection, error: endFailure) }
  }
}

// How a connection's bytes get to and from its socket. What is above knows no sockets: it receives into a
// buffer, sends from a buffer or an outbox, and ends a direction. Held under the connection's lock.

import LinuxSystem
import SystemPackage

struct Transport: ~Copyable {
  /// For options, time limits and epoll.
  private(set) var socket: Socket

  init(_ socket: consuming Socket) { self.socket = socket }

  @inline(__always)
  var isOpen: Bool { socket.isOpen }

  @inline(__always)
  var descriptor: CInt { socket.descriptor }

  // MARK: Receiving

  /// One recv(2) at most. An empty slice is the end of what the peer sends.
  /// - Parameter limit: at most this many bytes.
  /// - Throws: EAGAIN when there is nothing to receive now.
  @inline(__always)
  mutating func receive(
    into buffer: inout ReceiveBuffer, atMost limit: Int
  ) throws(Errno) -> ChunkSlice {
    try buffer.receive(from: socket.reference, atMost: limit)
  }

  /// How much can be received at once.
  var readableCount: Int { socket.reference.readableCount }

  // MARK: Sending

  /// One send(2) or sendmsg(2).
  /// - Parameter prefix: what is sent before the buffer, with nothing in between.
  /// - Returns: how many bytes are on their way; the rest must be given again.
  /// - Throws: EAGAIN when none is.
  @inline(__always)
  mutating func send(
    _ buffer: UnsafeRawBufferPointer, after prefix: Bytes?
  ) throws(Errno) -> Int {
    try socket.reference.send(buffer, after: prefix, waiting: false)
  }

  /// The same for what waits at the front of an outbox, which keeps it.
  mutating func send(frontOf outbox: borrowing Outbox) throws(Errno) -> Int {
    if let piece = outbox.onlyPiece { return try socket.reference.send(piece, waiting: false) }
    return try socket.reference.send(outbox.front(), waiting: false)
  }

  // MARK: Ending

  /// Ends the sending half: FIN.
  mutating func endSending() { socket.shutdownSending() }

  /// Has `close` send RST and drop what is unsent.
  func setResetOnClose() { socket.setResetOnClose() }

  mutating func close() { socket.close() }
}

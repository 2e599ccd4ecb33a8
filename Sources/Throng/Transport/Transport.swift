// How a connection's bytes get to and from its socket: as they are, or through a TLS session. What is above
// knows no sockets: it receives into a buffer, sends from a buffer or an outbox, and ends a direction. Held
// under the connection's lock. A plain socket costs a predicted branch.

import LinuxSystem
import SystemPackage

struct Transport: ~Copyable {
  /// Nil for a plain connection.
  let secure: SecureChannel?
  /// For options, time limits and epoll.
  private(set) var socket: Socket

  init(_ socket: consuming Socket, _ session: (any SecureSession)? = nil) {
    self.socket = socket
    secure = session.map { SecureChannel($0) }
  }

  @inline(__always)
  var isOpen: Bool { socket.isOpen }

  @inline(__always)
  var descriptor: CInt { socket.descriptor }

  @inline(__always)
  var isPlain: Bool { secure == nil }

  /// The handler may start: a plain connection is ready from the start.
  var isEstablished: Bool { secure?.isEstablished ?? true }

  // MARK: Receiving

  /// One recv(2) at most. An empty slice is the end of what is received, see `inputEnd`.
  /// - Parameter limit: at most this many bytes.
  @inline(__always)
  mutating func receive(
    into buffer: inout ReceiveBuffer, atMost limit: Int
  ) throws(TransportError) -> ChunkSlice {
    if let secure {
      return try secure.receive(from: socket.reference, into: &buffer, atMost: limit)
    }
    do throws(Errno) {
      return try buffer.receive(from: socket.reference, atMost: limit)
    } catch {
      throw TransportError(error)
    }
  }

  /// What an empty slice means.
  @inline(__always)
  var inputEnd: Lifecycle.Event { secure.map(\.hasEnded) ?? true ? .peerFin : .inputExhausted }

  /// Something may be received for which no event comes, because it is here already.
  @inline(__always)
  var hasPendingInput: Bool { secure.map(\.hasPending) ?? false }

  /// Whether a receive would bring something now.
  var hasInput: Bool { hasPendingInput || socket.reference.readableCount > 0 }

  /// What a receive would bring now, which stays to be received. Of a session, a record may be taken into it.
  mutating func lookAhead(_ buffer: inout ReceiveBuffer) throws(TransportError) -> LookAhead {
    if let secure { return try secure.lookAhead(on: socket.reference, &buffer) }
    do throws(Errno) {
      guard let bytes = try socket.reference.peek(atMost: 1) else { return .nothing }
      return bytes.isEmpty ? .end : .bytes
    } catch {
      throw TransportError(error)
    }
  }

  enum LookAhead { case nothing, bytes, end }

  /// From now on nothing is received but what has arrived.
  /// - Returns: how many bytes that may be.
  func limitInput() -> Int {
    if let secure { return secure.limitInput(on: socket.reference) ? .max : 0 }
    return socket.reference.readableCount
  }

  /// Receives what is of no use any more.
  /// - Returns: false at the peer's FIN.
  mutating func discardInput(_ buffer: inout ReceiveBuffer) throws(Errno) -> Bool {
    try buffer.receive(from: socket.reference, atMost: ReceiveBuffer.chunkSize).count > 0
  }

  // MARK: Sending

  /// One send(2) or sendmsg(2).
  /// - Parameter prefix: what is sent before the buffer, with nothing in between.
  /// - Returns: how many bytes are on their way; the rest must be given again.
  @inline(__always)
  mutating func send(
    _ buffer: UnsafeRawBufferPointer, after prefix: Bytes?
  ) throws(TransportError) -> Int {
    if let secure { return try send(buffer, after: prefix, through: secure) }
    do throws(Errno) {
      return try socket.reference.send(buffer, after: prefix, waiting: false)
    } catch {
      throw TransportError(error)
    }
  }

  private func send(
    _ buffer: UnsafeRawBufferPointer, after prefix: Bytes?, through secure: SecureChannel
  ) throws(TransportError) -> Int {
    guard let prefix else { return try secure.send(buffer, to: socket.reference) }
    let sent = try prefix.withUnsafeBytes { (bytes) throws(TransportError) in
      try secure.send(bytes, to: socket.reference)
    }
    if sent < prefix.count || secure.hasUnsent { return sent }
    return sent + (try secure.send(buffer, to: socket.reference))
  }

  /// The same for what waits at the front of an outbox, which keeps it.
  mutating func send(frontOf outbox: borrowing Outbox) throws(TransportError) -> Int {
    if let secure { return try send(frontOf: outbox, through: secure) }
    do throws(Errno) {
      if let piece = outbox.onlyPiece { return try socket.reference.send(piece, waiting: false) }
      return try socket.reference.send(outbox.front(), waiting: false)
    } catch {
      throw TransportError(error)
    }
  }

  private func send(
    frontOf outbox: borrowing Outbox, through secure: SecureChannel
  ) throws(TransportError) -> Int {
    try outbox.withFront(atMost: SecureChannel.recordSize) { (bytes) throws(TransportError) in
      try secure.send(bytes, to: socket.reference)
    }
  }

  /// Ciphertext waits for the kernel.
  @inline(__always)
  var hasUnsent: Bool { secure.map(\.hasUnsent) ?? false }

  /// Sends ciphertext that waits, as far as the kernel takes it.
  func flush() throws(TransportError) { try secure?.flush(to: socket.reference) }

  // MARK: Ending

  /// Ends the sending half: close_notify where there is a session, and FIN.
  /// - Parameter closesNext: the socket is closed at once, which sends FIN.
  /// - Returns: false when ciphertext must be sent before: call again once it is.
  mutating func endSending(closesNext: Bool) throws(TransportError) -> Bool {
    if let secure, try !secure.endSending(on: socket.reference) { return false }
    if !closesNext { socket.shutdownSending() }
    return true
  }

  /// Has `close` send RST and drop what is unsent.
  func setResetOnClose() { socket.setResetOnClose() }

  mutating func close() { socket.close() }
}

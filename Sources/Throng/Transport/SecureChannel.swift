// A TLS session between a connection and its socket. Ciphertext that has arrived is decrypted into the
// thread's receive buffer; plaintext is encrypted when it is sent, into a buffer that all connections share.
// Held under the connection's lock. Only ciphertext that the kernel has refused stays here.

import LinuxSystem
import SystemPackage

final class SecureChannel: @unchecked Sendable {
  // Invariant behind @unchecked: used under the lock of its connection only.
  private let session: any SecureSession
  /// Ciphertext that the kernel has refused.
  private var unsent = CiphertextBuffer()
  private(set) var isEstablished = false
  /// The handshake has begun to arrive.
  private(set) var hasReceived = false
  /// The peer has sent close_notify.
  private(set) var hasEnded = false
  /// There may be plaintext, or news of the session, for which nothing needs to be received.
  private(set) var hasPending = false
  private var closeNotifyIsQueued = false
  private var failure: SecurityFailure?
  /// How much ciphertext may still be received: limited when a drain begins.
  private var receivable = Int.max

  /// The most plaintext of a record (RFC 8446, 5.1).
  static let recordSize = 16384
  /// What is encrypted for one send.
  private static let sentAtOnce = 4 * recordSize

  init(_ session: any SecureSession) { self.session = session }

  var info: SecurityInfo? { isEstablished ? session.info : nil }
  var isResumed: Bool { session.isResumed }
  var failureDetail: String { session.failureDetail }
  var hasUnsent: Bool { !unsent.isEmpty }

  // MARK: Handshake

  /// Continues the handshake with what the socket has received.
  /// - Returns: whether it is complete.
  func handshake(
    on socket: SocketReference, _ buffer: inout ReceiveBuffer
  ) throws(TransportError) -> Bool {
    let ciphertext = try receiveCiphertext(from: socket, &buffer)
    return try handshake(with: ciphertext, on: socket)
  }

  /// - Parameter ciphertext: what was received; nothing to begin as a client.
  func handshake(
    with ciphertext: UnsafeRawBufferPointer, on socket: SocketReference
  ) throws(TransportError) -> Bool {
    var step = HandshakeStep.needsInput
    try emit(to: socket) { output in step = session.handshake(ciphertext, &output) }
    switch step {
    case .needsInput: return false
    case .done:
      isEstablished = true
      // Data may have come with the last message of the handshake.
      hasPending = true
      return true
    case .failed(let failure): throw .failed(.security(failure))
    }
  }

  // MARK: Receiving

  /// One recv(2) at most. An empty slice is the end: `hasEnded` tells whether it is the peer's.
  func receive(
    from socket: SocketReference, into buffer: inout ReceiveBuffer, atMost limit: Int
  ) throws(TransportError) -> ChunkSlice {
    if let slice = try receivePending(on: socket, into: &buffer, atMost: limit) { return slice }
    let ciphertext = try receiveCiphertext(from: socket, &buffer)
    return try decrypt(ciphertext, on: socket, into: &buffer, atMost: limit)
  }

  /// What needs no recv(2); nil: there is nothing.
  func receivePending(
    on socket: SocketReference, into buffer: inout ReceiveBuffer, atMost limit: Int
  ) throws(TransportError) -> ChunkSlice? {
    if hasPending {
      hasPending = false
      let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
      do throws(TransportError) {
        return try decrypt(nothing, on: socket, into: &buffer, atMost: limit)
      } catch .wouldBlock {
      } catch {
        throw error
      }
    }
    return hasEnded || receivable == 0 ? .empty : nil
  }

  /// Decrypts what was received.
  func decrypt(
    _ ciphertext: UnsafeRawBufferPointer, on socket: SocketReference,
    into buffer: inout ReceiveBuffer, atMost limit: Int
  ) throws(TransportError) -> ChunkSlice {
    if let failure { throw .failed(.security(failure)) }
    var state = Decrypted.State.needsInput
    var slice = ChunkSlice.empty
    try emit(to: socket) { output in
      slice = buffer.fill(atMost: limit) { free in
        let decrypted = session.decrypt(ciphertext, into: free, &output)
        state = decrypted.state
        return decrypted.count
      }
    }
    switch state {
    case .needsInput: break
    case .moreIsPending: hasPending = true
    case .ended: hasEnded = true
    case .failed(let failure): self.failure = failure
    }
    if slice.count > 0 {
      // What else there is to tell follows.
      if hasEnded || failure != nil { hasPending = true }
      return slice
    }
    if let failure { throw .failed(.security(failure)) }
    if hasEnded || receivable == 0 { return slice }
    throw .wouldBlock
  }

  /// What a receive would bring. The ciphertext of one receive at most is kept in the session.
  func lookAhead(
    on socket: SocketReference, _ buffer: inout ReceiveBuffer
  ) throws(TransportError) -> Transport.LookAhead {
    var ciphertext = UnsafeRawBufferPointer(start: nil, count: 0)
    if !hasPending { ciphertext = try receiveUnlessEmpty(from: socket, &buffer) }
    while true {
      var state = Decrypted.State.needsInput
      try emit(to: socket) { output in state = session.lookAhead(ciphertext, &output) }
      switch state {
      case .moreIsPending:
        hasPending = true
        return .bytes
      case .ended:
        hasEnded = true
        return .end
      case .failed(let failure):
        self.failure = failure
        throw .failed(.security(failure))
      case .needsInput:
        if !hasPending { return .nothing }
        hasPending = false
        ciphertext = try receiveUnlessEmpty(from: socket, &buffer)
      }
    }
  }

  /// - Returns: nothing where nothing has arrived.
  private func receiveUnlessEmpty(
    from socket: SocketReference, _ buffer: inout ReceiveBuffer
  ) throws(TransportError) -> UnsafeRawBufferPointer {
    do throws(TransportError) {
      return try receiveCiphertext(from: socket, &buffer)
    } catch .wouldBlock {
      return UnsafeRawBufferPointer(start: nil, count: 0)
    } catch {
      throw error
    }
  }

  private func receiveCiphertext(
    from socket: SocketReference, _ buffer: inout ReceiveBuffer
  ) throws(TransportError) -> UnsafeRawBufferPointer {
    let scratch = buffer.ciphertext
    var count = 0
    do throws(Errno) {
      count = try socket.receive(
        into: scratch.baseAddress!, count: min(scratch.count, receivable), waiting: false)
    } catch {
      throw TransportError(error)
    }
    try noteReceived(count)
    return UnsafeRawBufferPointer(rebasing: scratch[..<count])
  }

  /// Ciphertext was received; none: the peer's FIN.
  func noteReceived(_ count: Int) throws(TransportError) {
    if count == 0 {
      if isEstablished { throw .truncated }
      throw .failed(.security(SecurityFailure(.closedByPeer)))
    }
    hasReceived = true
    if receivable != .max { receivable -= count }
  }

  /// From now on only what has arrived is received.
  /// - Returns: whether there may be anything.
  func limitInput(on socket: SocketReference) -> Bool {
    receivable = socket.readableCount
    return receivable > 0 || hasPending
  }

  // MARK: Sending

  /// Encrypts and sends.
  /// - Returns: how many bytes of the buffer are on their way, encrypted.
  func send(
    _ buffer: UnsafeRawBufferPointer, to socket: SocketReference
  ) throws(TransportError) -> Int {
    try flush(to: socket)
    if hasUnsent { throw .wouldBlock }
    let part = UnsafeRawBufferPointer(rebasing: buffer.prefix(Self.sentAtOnce))
    var failure: SecurityFailure?
    try emit(to: socket) { output in failure = session.encrypt(part, &output) }
    if let failure { throw .failed(.security(failure)) }
    return part.count
  }

  /// Sends what the kernel has refused before, as far as it takes it now.
  func flush(to socket: SocketReference) throws(TransportError) {
    guard hasUnsent else { return }
    let sent = try unsent.withUnsafeBytes { (bytes) throws(TransportError) in
      try Self.send(bytes, to: socket)
    }
    unsent.removeFirst(sent)
    if unsent.isEmpty { unsent.release() }
  }

  /// Ends the sending half: close_notify, and FIN when everything is sent.
  /// - Returns: whether it was.
  func endSending(on socket: SocketReference) throws(TransportError) -> Bool {
    if !closeNotifyIsQueued, isEstablished {
      closeNotifyIsQueued = true
      try emit(to: socket) { output in session.shutdown(&output) }
    }
    try flush(to: socket)
    return !hasUnsent
  }

  /// Sends what `body` puts out, behind what waits already.
  private func emit(
    to socket: SocketReference, _ body: (inout CiphertextBuffer) -> Void
  ) throws(TransportError) {
    try CiphertextScratch.withBuffer { (output) throws(TransportError) in
      body(&output)
      if output.isEmpty { return }
      var sent = 0
      if !hasUnsent {
        sent = try output.withUnsafeBytes { (bytes) throws(TransportError) in
          try Self.send(bytes, to: socket)
        }
      }
      output.removeFirst(sent)
      if !output.isEmpty { output.withUnsafeBytes { unsent.append($0) } }
    }
  }

  /// - Returns: 0 when the kernel is full.
  private static func send(
    _ bytes: UnsafeRawBufferPointer, to socket: SocketReference
  ) throws(TransportError) -> Int {
    do throws(Errno) {
      return try socket.send(bytes, waiting: false)
    } catch .resourceTemporarilyUnavailable {
      return 0
    } catch {
      throw .failed(.lost(error))
    }
  }
}

// The seam between a connection and TLS: a session without I/O of its own. The connection hands it what
// the socket has received and sends what the session queues, so one kind of session serves every model.
// A session is used by one thread at a time, under the lock of its connection. ThrongTLS implements it.

/// Makes sessions: the certificates and settings of a server, or those of a client. Any thread.
package protocol SecureContext: AnyObject, Sendable {
  /// A session that has not begun its handshake. It keeps the settings that it was made with.
  /// - Parameter serverName: the host name or address that a client expects, which is sent and verified;
  ///   nil for that of the configuration. A server ignores it.
  /// - Throws: ``SecurityFailure`` with the reason `internalError` when memory is short.
  func makeSession(serverName: String?) throws(SecurityFailure) -> any SecureSession

  /// Reads the files of the configuration again, validates them, and uses them for sessions made from now
  /// on. Sessions that exist keep theirs. After an error, everything stays as it was.
  func reload() throws

  /// What the operator should know about the files in use, one sentence each; logged at the start and
  /// after a reload.
  var warnings: [String] { get }
}

/// One connection's TLS session. All input that a call is given is taken; what a call queues is appended
/// to `output` and has to be sent in that order, also after a failure (it is then the alert).
///
/// A connection calls ``handshake(_:_:)`` first with no bytes (a client's session then queues its first
/// message), then with each piece of input until it is done. Then it calls ``decrypt(_:into:_:)`` at once
/// with no bytes, because the input of the last step may have held more than the handshake.
package protocol SecureSession: AnyObject {
  /// Continues the handshake.
  func handshake(_ ciphertext: UnsafeRawBufferPointer, _ output: inout CiphertextBuffer)
    -> HandshakeStep

  /// Decrypts as much as fits. Ciphertext that did not fit stays in the session; it is decrypted by the
  /// next call, for which nothing needs to be received. May queue replies of the protocol.
  func decrypt(
    _ ciphertext: UnsafeRawBufferPointer, into plaintext: UnsafeMutableRawBufferPointer,
    _ output: inout CiphertextBuffer
  ) -> Decrypted

  /// What the next call of ``decrypt(_:into:_:)`` would find: `moreIsPending` for plaintext, which stays.
  func lookAhead(_ ciphertext: UnsafeRawBufferPointer, _ output: inout CiphertextBuffer)
    -> Decrypted.State

  /// Queues all of the plaintext in records of at most 16 KiB. Only after the handshake and before
  /// ``shutdown(_:)``. Allowed after the peer's close_notify (RFC 8446, section 6.1).
  func encrypt(_ plaintext: UnsafeRawBufferPointer, _ output: inout CiphertextBuffer)
    -> SecurityFailure?

  /// Queues close_notify, once; input is still decrypted afterwards. After a failure it queues nothing.
  func shutdown(_ output: inout CiphertextBuffer)

  /// What was negotiated. Valid after the handshake; made anew at each call.
  var info: SecurityInfo { get }

  /// Whether an earlier session was resumed: one of the parts of `info`. Valid after the handshake.
  var isResumed: Bool { get }

  /// More about the last failure, for the log; empty when nothing is known.
  var failureDetail: String { get }
}

/// Where a handshake is.
package enum HandshakeStep: Equatable, Sendable {
  /// It goes on when the peer has sent more.
  case needsInput
  /// It is complete; data may be encrypted and decrypted.
  case done
  /// It has failed; `output` may hold the alert for the peer.
  case failed(SecurityFailure)
}

/// What a call of ``SecureSession/decrypt(_:into:_:)`` gave.
package struct Decrypted: Equatable, Sendable {
  package enum State: Equatable, Sendable {
    /// All ciphertext is decrypted; more has to be received.
    case needsInput
    /// The plaintext is full: call again with no ciphertext before waiting for the socket.
    case moreIsPending
    /// The peer has sent close_notify: it sends no more data.
    case ended
    /// The session is over; `output` may hold the alert for the peer.
    case failed(SecurityFailure)
  }

  /// The bytes of plaintext, in every state.
  package var count: Int
  package var state: State

  package init(count: Int, _ state: State) {
    self.count = count
    self.state = state
  }
}

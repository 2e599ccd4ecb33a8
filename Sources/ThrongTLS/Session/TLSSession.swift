// A TLS session of a server or a client on OpenSSL: bytes in, bytes out. Used by one thread at a time,
// under the lock of its connection. OpenSSL's error queue belongs to the thread and is empty outside of
// the calls here.

import COpenSSL
import LinuxSystem
import Throng

final class TLSSession: SecureSession {
  enum Role {
    case server(ServerSettings)
    /// The name that the server's certificate must have.
    case client(ClientSettings, expectedName: String?)
  }

  let role: Role
  let ssl: OpaquePointer
  private let io: UnsafeMutablePointer<RecordIO>
  private var phase = Phase.handshake
  private var handshakeBytes = 0
  private var protocolMessages = ProtocolMessageLimit()
  private(set) var failureDetail = ""

  private enum Phase { case handshake, established, shutDown, failed }

  /// What a handshake may send: certificate chains are the largest part and seldom above 10 KiB.
  static let maximumHandshakeBytes = 64 << 10
  /// The maximum length of a record's plaintext (RFC 8446, section 5.1).
  private static let recordSize = 16384

  init(_ role: Role) throws(SecurityFailure) {
    let context =
      switch role {
      case .server(let settings): settings.defaultContext
      case .client(let settings, _): settings.context
      }
    guard let ssl = SSL_new(context.pointer) else { throw SecurityFailure(.internalError) }
    let io = UnsafeMutablePointer<RecordIO>.allocate(capacity: 1)
    io.initialize(to: RecordIO())
    self.role = role
    self.ssl = ssl
    self.io = io
    guard let bio = RecordBIO.make(io) else { throw SecurityFailure(.internalError) }
    SSL_set_bio(ssl, bio, bio)
    SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
    switch role {
    case .server: SSL_set_accept_state(ssl)
    case .client(let settings, let name):
      SSL_set_connect_state(ssl)
      try expect(name, settings)
    }
  }

  deinit {
    // Without this, the end of a connection that has not exchanged close_notify would make its session
    // one that cannot be resumed.
    if phase == .established { SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN) }
    SSL_free(ssl)
    io.deinitialize(count: 1)
    io.deallocate()
  }

  /// The session that a callback of OpenSSL is about.
  static func of(_ ssl: OpaquePointer?) -> TLSSession? {
    guard let data = SSL_get_ex_data(ssl, 0) else { return nil }
    return Unmanaged<TLSSession>.fromOpaque(data).takeUnretainedValue()
  }

  var serverSettings: ServerSettings? {
    if case .server(let settings) = role { settings } else { nil }
  }

  func handshake(
    _ ciphertext: UnsafeRawBufferPointer, _ output: inout CiphertextBuffer
  ) -> HandshakeStep {
    guard phase == .handshake else { return .failed(SecurityFailure(.internalError)) }
    handshakeBytes += ciphertext.count
    return withIO(ciphertext, &output) {
      let result = SSL_do_handshake(ssl)
      if result == 1 {
        phase = .established
        return .done
      }
      guard SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ else { return .failed(fail()) }
      guard handshakeBytes <= Self.maximumHandshakeBytes else { return .failed(fail(.tooLarge)) }
      return .needsInput
    }
  }

  func decrypt(
    _ ciphertext: UnsafeRawBufferPointer, into plaintext: UnsafeMutableRawBufferPointer,
    _ output: inout CiphertextBuffer
  ) -> Decrypted {
    guard phase == .established || phase == .shutDown else {
      return Decrypted(count: 0, .failed(SecurityFailure(.internalError)))
    }
    return withIO(ciphertext, &output) {
      var count = 0
      while count < plaintext.count {
        var read = 0
        let result = SSL_read_ex(
          ssl, plaintext.baseAddress! + count, plaintext.count - count, &read)
        guard result == 1 else { return Decrypted(count: count, stateAfterRead(result)) }
        count += read
        // OpenSSL reads no further than the record that it is asked for: what it would say if asked
        // again is known.
        if io.pointee.isExhausted, SSL_pending(ssl) == 0 {
          return Decrypted(count: count, .needsInput)
        }
      }
      return Decrypted(count: count, .moreIsPending)
    }
  }

  func lookAhead(
    _ ciphertext: UnsafeRawBufferPointer, _ output: inout CiphertextBuffer
  ) -> Decrypted.State {
    guard phase == .established || phase == .shutDown else {
      return .failed(SecurityFailure(.internalError))
    }
    return withIO(ciphertext, &output) {
      var byte: UInt8 = 0
      var read = 0
      let result = SSL_peek_ex(ssl, &byte, 1, &read)
      return result == 1 ? .moreIsPending : stateAfterRead(result)
    }
  }

  private func stateAfterRead(_ result: Int32) -> Decrypted.State {
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ: return .needsInput
    case SSL_ERROR_ZERO_RETURN:
      io.pointee.discard()
      return .ended
    default:
      return .failed(io.pointee.isInterrupted ? fail(.tooManyKeyUpdates) : fail())
    }
  }

  func encrypt(
    _ plaintext: UnsafeRawBufferPointer, _ output: inout CiphertextBuffer
  ) -> SecurityFailure? {
    guard phase == .established else { return SecurityFailure(.internalError) }
    return withIO(UnsafeRawBufferPointer(start: nil, count: 0), &output) {
      var offset = 0
      while offset < plaintext.count {
        var written = 0
        let size = min(Self.recordSize, plaintext.count - offset)
        let result = SSL_write_ex(ssl, plaintext.baseAddress! + offset, size, &written)
        guard result == 1 else { return fail() }
        offset += written
      }
      return nil
    }
  }

  func shutdown(_ output: inout CiphertextBuffer) {
    guard phase == .established else { return }
    phase = .shutDown
    withIO(UnsafeRawBufferPointer(start: nil, count: 0), &output) {
      if SSL_shutdown(ssl) < 0 { ERR_clear_error() }
    }
  }

  @inline(__always)
  private func withIO<Result>(
    _ input: UnsafeRawBufferPointer, _ output: inout CiphertextBuffer, _ body: () -> Result
  ) -> Result {
    withUnsafeMutablePointer(to: &output) { output in
      LibraryErrors.clear()
      io.pointee.begin(input, output)
      defer { io.pointee.end() }
      return body()
    }
  }

  private func fail(_ reason: SecurityFailure.Reason? = nil) -> SecurityFailure {
    let wasEstablished = phase != .handshake
    phase = .failed
    io.pointee.discard()
    let error = LibraryErrors.take()
    if let reason {
      failureDetail = reason.rawValue
      return SecurityFailure(reason)
    }
    let verification = SSL_get_verify_result(ssl)
    failureDetail = FailureMapping.text(error, verification)
    return FailureMapping.failure(error, verification, wasEstablished: wasEstablished)
  }
}

extension TLSSession {
  /// Called by OpenSSL at each step of its state machine and for alerts. After the handshake, messages
  /// that it has received are KeyUpdate, new tickets, and requests to renegotiate, which it refuses by a
  /// warning.
  static let noteProtocolMessage: @convention(c) (OpaquePointer?, Int32, Int32) -> Void = {
    ssl, kind, _ in
    let isReceived = kind & SSL_CB_LOOP != 0 && isPeersMessage(SSL_get_state(ssl))
    let isRefusal = kind & SSL_CB_ALERT != 0 && kind & SSL_CB_WRITE != 0
    guard isReceived || isRefusal, let session = TLSSession.of(ssl), session.phase != .handshake,
      !session.protocolMessages.allows(now: .coarseNow)
    else { return }
    session.io.pointee.isInterrupted = true
  }

  private static func isPeersMessage(_ state: OSSL_HANDSHAKE_STATE) -> Bool {
    switch state {
    case TLS_ST_SR_KEY_UPDATE, TLS_ST_CR_KEY_UPDATE, TLS_ST_CR_SESSION_TICKET, TLS_ST_CR_HELLO_REQ,
      TLS_ST_SR_CLNT_HELLO:
      true
    default: false
    }
  }
}

// TLS between the client and its socket: a session, and the ciphertext that the kernel has not taken. Used
// by the main thread.

import Glibc
import LinuxSystem
import SystemPackage
import Throng

final class SecureStream {
  private let session: any SecureSession
  private let socket: SocketReference
  private var unsent = CiphertextBuffer()
  private var hasEnded = false
  private var hasQueuedEnd = false

  /// From change_cipher_spec to application_data (RFC 8446, section 5.1).
  private static let recordTypes: ClosedRange<UInt8> = 20...23

  /// - Parameter socket: stays open as long as the stream is used.
  init(_ session: any SecureSession, on socket: SocketReference) {
    self.session = session
    self.socket = socket
  }

  var hasUnsent: Bool { !unsent.isEmpty }

  // MARK: The handshake

  /// Waits for the server's messages until the handshake is complete. Receives single records, so that
  /// what follows stays in the socket, where poll(2) sees it.
  func handshake(
    until deadline: MonotonicTime, _ poller: borrowing Poller
  ) throws {
    var input: [UInt8] = []
    while true {
      let step = input.withUnsafeBytes { session.handshake($0, &unsent) }
      try? flush()
      switch step {
      case .done: return
      case .failed(let failure):
        throw TerminalClientError.security(failure, detail: session.failureDetail)
      case .needsInput: input = try receiveRecord(until: deadline, poller)
      }
    }
  }

  private func receiveRecord(
    until deadline: MonotonicTime, _ poller: borrowing Poller
  ) throws -> [UInt8] {
    let headerSize = 5
    var record: [UInt8] = []
    var size = headerSize
    while record.count < size {
      guard try poller.wait(for: socket.descriptor, POLLIN, until: deadline) else {
        throw TerminalClientError.security(SecurityFailure(.timedOut), detail: "")
      }
      do throws(Errno) {
        let limit = size - record.count
        guard let part = try Descriptor.receive(socket.descriptor, atMost: limit) else { continue }
        if part.isEmpty { throw .connectionReset }
        record += part
      } catch {
        throw TerminalClientError.security(
          SecurityFailure(.closedByPeer), detail: error.sentence)
      }
      if size == headerSize, record.count == size {
        // What is no record is not waited for: the session says what it is.
        guard Self.recordTypes.contains(record[0]) else { return record }
        size += Int(record[3]) << 8 | Int(record[4])
      }
    }
    return record
  }

  // MARK: Talking

  /// All plaintext in what has arrived; empty after close_notify, nil when there is none.
  func receive(atMost limit: Int) throws(TerminalClientError) -> [UInt8]? {
    if hasEnded { return [] }
    let received: [UInt8]?
    do {
      received = try Descriptor.receive(socket.descriptor, atMost: limit)
    } catch {
      throw .connectionLost(error)
    }
    guard let received else { return nil }
    if received.isEmpty {
      throw .truncated
    }
    let plaintext = try decrypt(received)
    return plaintext.isEmpty && !hasEnded ? nil : plaintext
  }

  private func decrypt(_ ciphertext: [UInt8]) throws(TerminalClientError) -> [UInt8] {
    var plaintext: [UInt8] = []
    var rest = ciphertext
    while true {
      var state = Decrypted.State.needsInput
      plaintext += [UInt8](unsafeUninitializedCapacity: max(ciphertext.count, 1)) { buffer, count in
        let result = rest.withUnsafeBytes {
          session.decrypt($0, into: UnsafeMutableRawBufferPointer(buffer), &unsent)
        }
        count = result.count
        state = result.state
      }
      rest = []
      try? flush()
      switch state {
      case .moreIsPending: continue
      case .needsInput: return plaintext
      case .ended:
        hasEnded = true
        return plaintext
      case .failed(let failure):
        throw TerminalClientError.security(failure, detail: session.failureDetail)
      }
    }
  }

  /// Encrypts and sends.
  /// - Returns: how many of the bytes are encrypted: none while the kernel has not taken what was before.
  func send(_ bytes: ArraySlice<UInt8>) throws(TerminalClientError) -> Int {
    try flush()
    if hasUnsent { return 0 }
    let failure = bytes.withUnsafeBytes { session.encrypt($0, &unsent) }
    if let failure { throw .security(failure, detail: session.failureDetail) }
    try flush()
    return bytes.count
  }

  /// Gives the kernel what it takes.
  func flush() throws(TerminalClientError) {
    guard hasUnsent else { return }
    let result = unsent.withUnsafeBytes { bytes in
      Result { () throws(Errno) in try socket.send(bytes) }
    }
    switch result {
    case .success(let count): unsent.removeFirst(count)
    case .failure(.resourceTemporarilyUnavailable): break
    case .failure(let error): throw .connectionLost(error)
    }
  }

  /// Queues close_notify and gives the kernel what it takes.
  /// - Returns: whether it has everything.
  func end() throws(TerminalClientError) -> Bool {
    if !hasQueuedEnd { session.shutdown(&unsent) }
    hasQueuedEnd = true
    try flush()
    return !hasUnsent
  }
}

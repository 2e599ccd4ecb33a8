// TLS for the test client: a session without I/O between its calls and its socket. One thread may encrypt
// while another decrypts.

import Synchronization
import Throng
import ThrongTLS

package final class TestClientTLS: @unchecked Sendable {
  // Invariant behind @unchecked: `session` and `decrypted` are used under `lock`.
  private let lock = Mutex(())
  private let session: any SecureSession
  private var decrypted: [UInt8] = []
  private var hasEnded = false

  package struct Failure: Error { package let reason: String }

  /// For all clients: making it reads files.
  private static let contexts = Result {
    (tls12: try context(.tls12), tls13: try context(.tls13))
  }

  private static func context(_ newest: SecurityInfo.ProtocolVersion) throws -> TLSClientContext {
    var configuration = TLSClientConfiguration()
    configuration.verification = .authorities(
      TLSAuthorities(certificatesPath: try TestCertificates.shared.authority.files.certificate))
    configuration.maximumVersion = newest
    configuration.resumesSessions = false
    return try TLSClientContext(configuration)
  }

  /// - Parameter newest: the newest version that the client offers.
  package init(_ newest: SecurityInfo.ProtocolVersion = .tls13) throws {
    let contexts = try Self.contexts.get()
    let context = newest == .tls13 ? contexts.tls13 : contexts.tls12
    session = try context.makeSession(serverName: "localhost")
  }

  /// Shakes hands, with functions that send all and receive some; nothing at FIN.
  package func handshake(
    send: ([UInt8]) throws -> Void, receive: () throws -> [UInt8]
  ) throws {
    var received: [UInt8] = []
    while true {
      let (step, output) = lock.withLock { _ in
        var output = CiphertextBuffer()
        let step = received.withUnsafeBytes { session.handshake($0, &output) }
        return (step, output.withUnsafeBytes { Array($0) })
      }
      if !output.isEmpty { try send(output) }
      switch step {
      case .done: return
      case .failed(let failure): throw Failure(reason: "\(failure) (\(session.failureDetail))")
      case .needsInput: break
      }
      received = try receive()
      if received.isEmpty { throw Failure(reason: "FIN during the handshake") }
    }
  }

  package func encrypt(_ bytes: UnsafeRawBufferPointer) throws -> [UInt8] {
    try lock.withLock { _ in
      var output = CiphertextBuffer()
      if let failure = session.encrypt(bytes, &output) { throw Failure(reason: "\(failure)") }
      return output.withUnsafeBytes { Array($0) }
    }
  }

  package func closeNotify() -> [UInt8] {
    lock.withLock { _ in
      var output = CiphertextBuffer()
      session.shutdown(&output)
      return output.withUnsafeBytes { Array($0) }
    }
  }

  package var hasDecrypted: Bool { lock.withLock { _ in !decrypted.isEmpty || hasEnded } }

  /// The next bytes, of which `receive` brings the ciphertext; nothing at the server's close_notify.
  package func receive(atMost limit: Int, receive: () throws -> [UInt8]) throws -> [UInt8] {
    while true {
      let ready: [UInt8]? = lock.withLock { _ in
        if decrypted.isEmpty { return hasEnded ? [] : nil }
        let part = Array(decrypted.prefix(limit))
        decrypted.removeFirst(part.count)
        return part
      }
      if let ready { return ready }
      let ciphertext = try receive()
      if ciphertext.isEmpty { throw Failure(reason: "FIN without close_notify") }
      try lock.withLock { _ in try decrypt(ciphertext) }
    }
  }

  private func decrypt(_ ciphertext: [UInt8]) throws {
    var rest = ciphertext[...]
    while true {
      var output = CiphertextBuffer()
      var result = Decrypted(count: 0, .needsInput)
      let part = [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
        result = rest.withUnsafeBytes {
          session.decrypt($0, into: UnsafeMutableRawBufferPointer(buffer), &output)
        }
        count = result.count
      }
      decrypted += part
      rest = []
      switch result.state {
      case .needsInput: return
      case .moreIsPending: continue
      case .ended:
        hasEnded = true
        return
      case .failed(let failure): throw Failure(reason: "\(failure)")
      }
    }
  }
}

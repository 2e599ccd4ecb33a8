// A client's and a server's session, connected by memory.

import TestSupport
import Throng
import ThrongTLS

/// Two sessions and what each has queued for the other.
final class SessionPair {
  let client: any SecureSession
  let server: any SecureSession
  var toServer: [UInt8] = []
  var toClient: [UInt8] = []
  private(set) var clientStep = HandshakeStep.needsInput
  private(set) var serverStep = HandshakeStep.needsInput

  init(
    client: any SecureContext, server: any SecureContext, name: String? = "localhost"
  ) throws {
    self.client = try client.makeSession(serverName: name)
    self.server = try server.makeSession(serverName: nil)
  }

  /// With contexts made from these configurations.
  convenience init(
    _ client: TLSClientConfiguration, _ server: TLSServerConfiguration, name: String? = "localhost"
  ) throws {
    try self.init(
      client: TLSClientContext(client), server: TLSServerContext(server), name: name)
  }

  /// Exchanges messages until both are done or one has failed.
  /// - Parameter piece: the most that a session is given at once.
  @discardableResult
  func handshake(piece: Int = .max) -> Self {
    clientStep = handshake(client, [], &toServer)
    while clientStep == .needsInput || serverStep == .needsInput {
      if serverStep == .needsInput, !toServer.isEmpty {
        serverStep = handshake(server, Self.take(piece, &toServer), &toClient)
      } else if clientStep == .needsInput, !toClient.isEmpty {
        clientStep = handshake(client, Self.take(piece, &toClient), &toServer)
      } else {
        break
      }
    }
    return self
  }

  /// How far the server is when it has received only the first bytes of what the client sends.
  func serverStep(afterReceiving count: Int) -> HandshakeStep {
    var left = count
    clientStep = handshake(client, [], &toServer)
    while left > 0, serverStep == .needsInput, !toServer.isEmpty {
      let part = Self.take(left, &toServer)
      left -= part.count
      serverStep = handshake(server, part, &toClient)
      if left > 0, toServer.isEmpty { clientStep = handshake(client, takeForClient(), &toServer) }
    }
    return serverStep
  }

  func takeForServer() -> [UInt8] { Self.take(.max, &toServer) }
  func takeForClient() -> [UInt8] { Self.take(.max, &toClient) }

  /// One call of a session's handshake.
  func handshake(
    _ session: any SecureSession, _ input: [UInt8], _ output: inout [UInt8]
  ) -> HandshakeStep {
    withOutput(&output) { buffer in
      input.withUnsafeBytes { session.handshake($0, &buffer) }
    }
  }

  /// Decrypts all that the server has received.
  func serverReceives(capacity: Int = 65536, piece: Int = .max) -> Received {
    receive(server, &toServer, &toClient, capacity, piece)
  }

  /// Decrypts all that the client has received.
  func clientReceives(capacity: Int = 65536, piece: Int = .max) -> Received {
    receive(client, &toClient, &toServer, capacity, piece)
  }

  func clientSends(_ bytes: [UInt8]) -> SecurityFailure? { send(client, bytes, &toServer) }
  func serverSends(_ bytes: [UInt8]) -> SecurityFailure? { send(server, bytes, &toClient) }
  func clientEnds() { withOutput(&toServer) { client.shutdown(&$0) } }
  func serverEnds() { withOutput(&toClient) { server.shutdown(&$0) } }

  struct Received: Equatable {
    var bytes: [UInt8] = []
    var state = Decrypted.State.needsInput
  }

  private func receive(
    _ session: any SecureSession, _ input: inout [UInt8], _ output: inout [UInt8], _ capacity: Int,
    _ piece: Int
  ) -> Received {
    var received = Received()
    var plaintext = [UInt8](repeating: 0, count: capacity)
    repeat {
      let part = received.state == .moreIsPending ? [] : Self.take(piece, &input)
      let result = withOutput(&output) { buffer in
        part.withUnsafeBytes { ciphertext in
          plaintext.withUnsafeMutableBytes { session.decrypt(ciphertext, into: $0, &buffer) }
        }
      }
      received.bytes += plaintext.prefix(result.count)
      received.state = result.state
    } while received.state == .moreIsPending || received.state == .needsInput && !input.isEmpty
    return received
  }

  private func send(
    _ session: any SecureSession, _ bytes: [UInt8], _ output: inout [UInt8]
  ) -> SecurityFailure? {
    withOutput(&output) { buffer in bytes.withUnsafeBytes { session.encrypt($0, &buffer) } }
  }

  private func withOutput<Result>(
    _ bytes: inout [UInt8], _ body: (inout CiphertextBuffer) -> Result
  ) -> Result {
    var buffer = CiphertextBuffer()
    let result = body(&buffer)
    bytes += buffer.withUnsafeBytes { Array($0) }
    return result
  }

  private static func take(_ limit: Int, _ bytes: inout [UInt8]) -> [UInt8] {
    let part = Array(bytes.prefix(limit))
    bytes.removeFirst(part.count)
    return part
  }
}

extension HandshakeStep {
  /// The peer has sent this alert.
  static func failed(alert: UInt8) -> HandshakeStep {
    .failed(SecurityFailure(.alertReceived, alert: .init(rawValue: alert)))
  }
}

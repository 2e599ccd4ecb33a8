// What only connections with TLS do, in every model: the handshake before the handler, its limits, and ends
// without close_notify.

import LinuxSystem
import TestSupport
import Testing
import ThrongHandlers

@testable import Throng

extension AllTests {
  @Suite struct SecureConnections {
    static let setups = Setup.plainAndSecure.filter(\.isSecure)

    @Test(arguments: setups)
    func handlersSeeWhatWasNegotiated(_ setup: Setup) async throws {
      let seen = Shared<[SecurityInfo]>([])
      let handler = Serve { connection in
        if let info = connection.security { seen.change { $0.append(info) } }
        try await connection.send("hello")
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        #expect(try client.receiveToEnd() == Array("hello".utf8))
        #expect(running.metrics.handshakes == 1)
      }
      #expect(seen.value.map(\.protocolVersion) == [.tls13])
      #expect(seen.value.first?.serverName == "localhost")
    }

    /// The messages of a handshake may come in any pieces.
    @Test(arguments: setups)
    func aHandshakeByteByByteIsServed(_ setup: Setup) async throws {
      try await withServer(Echo(), setup) { running in
        let client = try TestClient(running.address)
        let tls = try TestClientTLS()
        try tls.handshake(
          send: { for byte in $0 { try client.sendRaw([byte]) } },
          receive: { try client.receiveRaw(atMost: 1) })
        try client.sendRaw(try Array("ping".utf8).withUnsafeBytes { try tls.encrypt($0) })
        #expect(try tls.receive(atMost: 4) { try client.receiveRaw() } == Array("ping".utf8))
      }
    }

    /// The time of a handshake is a total: a client cannot prolong it by sending a little.
    @Test(arguments: setups)
    func aHandshakeThatDoesNotEndIsEnded(_ setup: Setup) async throws {
      let served = Shared(0)
      let handler = Serve { _ in served.change { $0 += 1 } }
      try await withServer(
        handler, setup, configure: { $0.security?.handshakeTimeout = .milliseconds(300) }
      ) { running in
        let silent = try TestClient(running.address)
        let slow = try TestClient(running.address)
        // The first bytes of a record that promises more than it brings.
        try slow.sendRaw([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])
        _ = try silent.receiveToEndOrReset()
        _ = try slow.receiveToEndOrReset()
        try eventually("both are gone") { running.metrics.open == 0 }
        #expect(running.metrics.handshakeFailures == [.timedOut: 2])
      }
      #expect(served.value == 0)
    }

    /// A client that speaks another protocol is told so by an alert, which no reset takes from it.
    @Test(arguments: setups)
    func aClientWithoutTLSGetsAnAlertAndFIN(_ setup: Setup) async throws {
      try await withServer(Echo(), setup) { running in
        let client = try TestClient(running.address)
        try client.sendRaw("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        let answer = try client.receiveToEnd()
        // A record of the type alert (RFC 8446, 5.1), or nothing at all.
        #expect(answer.isEmpty || answer[0] == 21)
        client.close()
        try eventually("it is gone") { running.metrics.open == 0 }
        #expect(running.metrics.handshakes == 0)
        #expect(running.metrics.handshakeFailures.values.reduce(0, +) == 1)
      }
    }

    /// An attacker on the way can send FIN but not close_notify, so the handler learns the difference.
    @Test(arguments: setups)
    func anInputThatIsCutOffIsAnErrorAndTheReplyStillArrives(_ setup: Setup) async throws {
      let errors = Shared<[ConnectionError]>([])
      let handler = Serve { connection in
        var count = 0
        do {
          for try await bytes in connection.inbound { count += bytes.count }
        } catch let error as ConnectionError {
          errors.change { $0.append(error) }
        }
        try await connection.send("\(count)")
      }
      try await withServer(handler, setup) { running in
        let client = try TestClient(running.address)
        let tls = try TestClientTLS()
        try tls.handshake(send: client.sendRaw, receive: { try client.receiveRaw() })
        try client.sendRaw(
          try [UInt8](repeating: 1, count: 100).withUnsafeBytes { try tls.encrypt($0) })
        try client.finishSending()
        #expect(try tls.receive(atMost: 9) { try client.receiveRaw() } == Array("100".utf8))
        #expect(try tls.receive(atMost: 9) { try client.receiveRaw() }.isEmpty)
        #expect(running.metrics.truncated == 1)
      }
      #expect(errors.value == [.truncated])
    }

    /// Small reads leave decrypted bytes in the session, of which epoll says nothing.
    @Test(arguments: setups)
    func decryptedBytesAreNotForgotten(_ setup: Setup) async throws {
      let handler = Serve { connection in
        var count = 0
        while let bytes = try await connection.receive(atMost: 7) { count += bytes.count }
        try await connection.send("\(count)")
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        try client.send([UInt8](repeating: 1, count: 20_000))
        try client.finishSending()
        #expect(try client.receiveToEnd() == Array("20000".utf8))
      }
    }

    /// More clients than the rate allows at once are served one after the other: none is refused.
    @Test(arguments: setups)
    func handshakesAboveTheRateWait(_ setup: Setup) async throws {
      try await withServer(Echo(), setup, configure: { $0.security?.handshakeRate = 100 }) {
        running in
        let start = MonotonicTime.now
        try concurrently(30) { _ in
          let client = try running.connect()
          try client.send("x")
          _ = try client.receive(exactly: 1)
        }
        // 11 begin at once, and then one each 10 ms.
        #expect(start + .milliseconds(180) <= .now)
        #expect(running.metrics.handshakes == 30)
      }
    }

    /// A client that has connected and says nothing must not hold up a stop.
    @Test(arguments: setups)
    func aStopDoesNotWaitForAHandshakeThatHasNotBegun(_ setup: Setup) async throws {
      try await withServer(
        Echo(), setup, configure: { $0.security?.handshakeTimeout = .seconds(600) }
      ) { running in
        let client = try TestClient(running.address)
        try eventually("it is accepted") { running.metrics.open == 1 }
        running.server.stop()
        #expect(try client.receiveToEnd().isEmpty)
      }
    }
  }
}

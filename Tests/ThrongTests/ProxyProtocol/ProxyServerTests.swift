// A server behind proxies: a trusted proxy must send a header, other clients cannot, and the header names
// the client.

import LinuxSystem
import TestSupport
import Testing
import ThrongHandlers

@testable import Throng

extension AllTests {
  @Suite struct ProxiedServers {
    /// Tells each client who it is, and then echoes.
    private static let introduction = Serve { connection in
      let destination = connection.localAddress.map { "\($0)" } ?? "-"
      let authority = connection.proxyHeader?.authority ?? "-"
      try await connection.send(
        "\(connection.remoteAddress) \(connection.peerAddress.host) \(destination) \(authority)\n")
      for try await bytes in connection.inbound { try await connection.send(bytes) }
    }

    @Sendable private static func trustLoopback(_ configuration: inout Configuration) {
      configuration.proxyProtocolFrom = [try! AddressRange("127.0.0.0/8")]
    }

    private static let header = ProxyHeader(
      source: SocketAddress(.ipv4(address: 0xc000_0201, port: 56324)),
      destination: SocketAddress(.ipv4(address: 0xc633_6407, port: 443)),
      fields: [.authority("example.org")])

    /// The header may come in any pieces, and what follows it is the client's, however it arrives.
    @Test(arguments: Setup.all)
    func theClientIsTheOneThatTheProxyNames(_ setup: Setup) async throws {
      let bytes = try Self.header.encoded()
      let line = Array("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n".utf8)
      try await withServer(Self.introduction, setup, configure: Self.trustLoopback) { running in
        for (header, authority) in [(bytes, "example.org"), (line, "-")] {
          for cut in [0, 1, 15, 16, header.count - 1, header.count] {
            let client = try running.connect()
            try client.send(Array(header[..<cut]))
            // Before the rest is sent, the server has looked at the first piece.
            if cut > 0, cut < header.count { try waitUntilReceived(client) }
            try client.send(header[cut...] + Array("hello".utf8))
            let expected = "192.0.2.1:56324 127.0.0.1 198.51.100.7:443 \(authority)\n"
            #expect(try client.receiveText(expected.utf8.count) == expected)
            #expect(try client.receiveText(5) == "hello")
            client.close()
          }
        }
      }
    }

    private func waitUntilReceived(_ client: TestClient) throws {
      try eventually("the first piece has arrived") {
        SocketReference(descriptor: client.descriptor).unacknowledgedCount == 0
      }
    }

    /// Health checks come from the proxy itself.
    @Test(arguments: Setup.all, ["PROXY UNKNOWN\r\n", "\r\n\r\n\0\r\nQUIT\n\u{20}\0\0\0"])
    func withoutAClientThePeerIsTheClient(_ setup: Setup, _ header: String) async throws {
      try await withServer(Self.introduction, setup, configure: Self.trustLoopback) { running in
        let client = try running.connect()
        try client.send(Array(header.utf8))
        let expected = "127.0.0.1:"
        #expect(try client.receiveText(expected.utf8.count) == expected)
        client.close()
      }
    }

    @Test(
      arguments: Setup.all,
      [
        "GET / HTTP/1.1\r\n\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
        "\r\n\r\n\0\r\nQUIT\n\u{11}",
      ])
    func aClientWithoutAProperHeaderIsReset(_ setup: Setup, _ bytes: String) async throws {
      try await withServer(Self.introduction, setup, configure: Self.trustLoopback) { running in
        let client = try running.connect()
        try client.send(Array(bytes.utf8))
        #expect(try client.isReset())
        try eventually("it is counted and gone") {
          running.metrics.badProxyHeaders == 1 && running.metrics.open == 0
        }
      }
    }

    @Test(arguments: Setup.all)
    func aProxyThatIsSilentIsResetAfterTheTimeLimit(_ setup: Setup) async throws {
      let configure: @Sendable (inout Configuration) -> Void = {
        Self.trustLoopback(&$0)
        $0.proxyProtocolTimeout = .milliseconds(50)
      }
      try await withServer(Self.introduction, setup, configure: configure) { running in
        let client = try running.connect()
        try client.send("PROXY TCP4 ")
        #expect(try client.isReset())
        #expect(running.metrics.badProxyHeaders == 1)
      }
    }

    /// A client that is no proxy cannot choose its address: what it sends is its own.
    @Test(arguments: Setup.all)
    func aHeaderFromElsewhereIsTheClientsOwnText(_ setup: Setup) async throws {
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.proxyProtocolFrom = [try! AddressRange("10.0.0.0/8"), .unix]
      }
      try await withServer(Echo(), setup, configure: configure) { running in
        let client = try running.connect()
        let text = "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n"
        try client.send(Array(text.utf8))
        #expect(try client.receiveText(text.utf8.count) == text)
        client.close()
      }
    }

    /// The limit of an address is the client's, or all clients of a proxy would share one.
    @Test(arguments: Setup.all)
    func theLimitOfAnAddressCountsClients(_ setup: Setup) async throws {
      let configure: @Sendable (inout Configuration) -> Void = {
        Self.trustLoopback(&$0)
        $0.maximumConnectionsPerAddress = 2
      }
      try await withServer(Self.introduction, setup, configure: configure) { running in
        func connect(from host: String) throws -> TestClient {
          let client = try running.connect()
          try client.send(Array("PROXY TCP4 \(host) 198.51.100.7 1 2\r\n".utf8))
          return client
        }
        var clients: [TestClient] = []
        for host in ["192.0.2.1", "192.0.2.1", "192.0.2.2"] {
          let client = try connect(from: host)
          #expect(try client.receiveText(host.utf8.count) == host)
          clients.append(client)
        }
        #expect(try connect(from: "192.0.2.1").isReset())
        #expect(running.metrics.refused == 1)
        for client in clients { client.close() }
        try eventually("all have closed") { running.metrics.open == 0 }
        let again = try connect(from: "192.0.2.1")
        #expect(try again.receiveText(9) == "192.0.2.1")
        again.close()
      }
    }

    /// Those whose header has not come are no connections yet, and must not hold the end up.
    @Test(arguments: Setup.all)
    func aStopDoesNotWaitForHeadersBeyondTheDrainDeadline(_ setup: Setup) async throws {
      let configure: @Sendable (inout Configuration) -> Void = {
        Self.trustLoopback(&$0)
        $0.proxyProtocolTimeout = .seconds(3600)
        $0.drainTimeout = .milliseconds(50)
      }
      try await withServer(Self.introduction, setup, configure: configure) { running in
        let client = try running.connect()
        try eventually("it was accepted") { running.metrics.open == 1 }
        running.server.stop()
        try running.waitUntilStopped()
        #expect(try client.isReset())
      }
    }

    @Test(arguments: Setup.all)
    func aConnectorIntroducesTheClientItActsFor(_ setup: Setup) async throws {
      try await withServer(Self.introduction, setup, configure: Self.trustLoopback) { running in
        let lines = Shared<[String]>([])
        let caller = Serve { connection in
          for try await line in connection.lines() {
            lines.change { $0.append(line.text) }
            return
          }
        }
        var options = Connector.Options()
        options.sendsProxyHeader = true
        let connector = try Connector(caller, options: options, log: .quiet)
        connector.connect(to: running.address)
        try connector.connect(to: running.address, sending: Self.header)
        try whileRunning(connector) {
          try eventually("both were answered") { lines.value.count == 2 }
        }
        #expect(lines.value.contains("192.0.2.1:56324 127.0.0.1 198.51.100.7:443 example.org"))
        #expect(lines.value.contains { $0.hasPrefix("127.0.0.1:") && $0.hasSuffix(" -") })
      }
    }
  }
}

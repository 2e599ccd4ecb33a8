// The proxy passes on what both sides send, and their ends.

import Testing
import Throng
import ThrongTesting

@testable import Proxy

/// Sends back everything, and a last word after the client's end.
private struct Echo: Handler {
  func handle(_ connection: Connection) async throws {
    for try await bytes in connection.inbound { try await connection.send(bytes) }
    try await connection.send("bye\n")
  }
}

@Suite struct ProxyTests {
  @Test(arguments: Model.everyKind)
  func bothDirectionsAreCopied(_ model: Model) async throws {
    let upstream = Server(
      Echo(), model: model, configuration: Configuration(host: "127.0.0.1", port: 0))
    try upstream.listen()
    async let serving: Void = upstream.run()
    try await exchange(
      with: Proxy(upstream: upstream.addresses[0]), under: [model], sending: "hello\n",
      expecting: "hello\nbye\n")
    upstream.stop()
    try await serving
  }
}

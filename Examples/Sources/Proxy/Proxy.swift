// A TCP proxy: copies both directions, and their ends, between a client and a server.
// Run it:  swift run Proxy localhost 52000     Try it:  nc localhost 52013

import Throng

struct Proxy: Handler {
  let upstream: SocketAddress

  func handle(_ client: Connection) async throws {
    let server = try await client.open(to: upstream)
    defer { server.close() }
    try await withThrowingTaskGroup { group in
      group.addTask { try await copy(from: client, to: server) }
      group.addTask { try await copy(from: server, to: client) }
      for try await _ in group {}
    }
  }
}

private func copy(from source: Connection, to target: Connection) async throws {
  for try await bytes in source.inbound { try await target.send(bytes) }
  target.closeOutbound()
}

@main
enum Program {
  static func main() throws {
    let words = CommandLine.arguments
    guard words.count >= 3, let port = Int(words[2]),
      let upstream = try SocketAddress.resolve(host: words[1], port: port).first
    else { return print("usage: proxy HOST PORT [OWN-PORT]") }
    let own = words.count > 3 ? Int(words[3]) : 52013
    Server(Proxy(upstream: upstream), configuration: Configuration(port: own ?? 52013)).runOrExit()
  }
}

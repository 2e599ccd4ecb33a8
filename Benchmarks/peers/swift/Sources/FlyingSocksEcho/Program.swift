// An echo server with FlyingSocks, the sockets of FlyingFox: a task for each client on Swift's own
// threads. Usage: FlyingSocksEcho PORT (on 127.0.0.1)

import FlyingSocks
import Foundation

@main
enum Program {
  static func main() async throws {
    let port = CommandLine.arguments.last.flatMap { UInt16($0) } ?? 52000
    let pool: some AsyncSocketPool = .make()
    try await pool.prepare()
    let listener = try Socket(domain: AF_INET, type: .stream)
    try listener.setValue(true, for: .localAddressReuse)
    try listener.bind(to: .inet(ip4: "127.0.0.1", port: port))
    try listener.listen()
    let server = try AsyncSocket(socket: listener, pool: pool)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await pool.run() }
      group.addTask {
        try await withThrowingDiscardingTaskGroup { clients in
          for try await client in server.sockets {
            clients.addTask { await echo(client) }
          }
        }
      }
      try await group.next()
    }
  }

  /// A client whose connection fails or ends, which is thrown too, ends its own task and nothing else.
  static func echo(_ client: AsyncSocket) async {
    defer { try? client.close() }
    let noDelay = BoolSocketOption(level: Int32(IPPROTO_TCP), name: TCP_NODELAY)
    try? client.socket.setValue(true, for: noDelay)
    while let bytes = try? await client.read(atMost: 4096), !bytes.isEmpty {
      guard (try? await client.write(Data(bytes))) != nil else { return }
    }
  }
}

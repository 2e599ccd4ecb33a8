// An echo server with SwiftNIO's NIOAsyncChannel: one event loop, and a task for each client on Swift's
// own threads. Usage: SwiftNIOAsyncEcho PORT (on 127.0.0.1)

import NIOCore
import NIOPosix

typealias Client = NIOAsyncChannel<ByteBuffer, ByteBuffer>

@main
enum Program {
  static func main() async throws {
    let port = CommandLine.arguments.last.flatMap { Int($0) } ?? 52000
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup(numberOfThreads: 1))
      .serverChannelOption(.backlog, value: 4096)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .bind(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture { try Client(wrappingChannelSynchronously: channel) }
      }
    try await withThrowingDiscardingTaskGroup { group in
      try await server.executeThenClose { clients in
        for try await client in clients {
          group.addTask { await echo(client) }
        }
      }
    }
  }

  /// A client whose connection fails ends its own task and nothing else.
  static func echo(_ client: Client) async {
    try? await client.executeThenClose { inbound, outbound in
      for try await bytes in inbound { try await outbound.write(bytes) }
    }
  }
}

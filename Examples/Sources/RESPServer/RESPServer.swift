// A server of the Redis protocol: GET, SET, DEL, INCR, pipelining, publish and subscribe.
// Run it:  swift run -c release RESPServer    Try it:  redis-cli -p 52010, redis-benchmark -p 52010 -t get,set

import ExampleOptions
import Throng

struct RESPServer: Handler {
  let store = Store()

  /// What is left to be done for a command after all that needs no waiting.
  private enum Step {
    case send(Bytes, isLast: Bool), subscribe([Bytes]), unsubscribe([Bytes]), nothing
  }

  func handle(_ connection: Connection) async throws {
    let input = connection.reader(maximumLength: Command.longest)
    var channels: Set<Bytes> = []
    defer { for channel in channels { store.unsubscribe(connection, from: channel) } }
    while let step = try await input.message(step) {
      switch consume step {
      case .send(let reply, let isLast):
        try await connection.send(reply)
        if isLast { return }
      case let change: try await self.change(&channels, change, connection)
      }
    }
  }

  private nonisolated(nonsending) func change(
    _ channels: inout Set<Bytes>, _ step: Step, _ connection: Connection
  ) async throws {
    switch step {
    case .subscribe(let names):
      for channel in names {
        channels.insert(channel.compacted())
        try await connection.send(Reply.push("subscribe", channel, Reply.integer(channels.count)))
        store.subscribe(connection, to: channel)
      }
    case .unsubscribe(let names):
      for channel in names.isEmpty ? Array(channels) : names {
        channels.remove(channel)
        store.unsubscribe(connection, from: channel)
        try await connection.send(
          Reply.push("unsubscribe", channel, Reply.integer(channels.count)))
      }
    case .send, .nothing: break
    }
  }

  private func step(_ bytes: Bytes) throws -> (message: Step, length: Int)? {
    var length = 0
    guard let command = try Command.parse(bytes, &length) else { return nil }
    switch command.name {
    case .subscribe: return (.subscribe(command.arguments), length)
    case .unsubscribe: return (.unsubscribe(command.arguments), length)
    default:
      if command.count == 0 { return (.nothing, length) }
      return (.send(reply(to: command), isLast: command.name == .quit), length)
    }
  }

  private func reply(to command: borrowing Command) -> Bytes {
    switch (command.name, command.count) {
    case (.get, 2): return store.get(command[1]).map(Reply.bulk) ?? Reply.null
    case (.set, 3):
      store.set(command[1], command[2])
      return Reply.ok
    case (.del, 2...): return Reply.integer(store.remove(command.arguments))
    case (.incr, 2):
      return store.add(1, to: command[1]).map(Reply.integer)
        ?? Reply.error("value is not an integer or out of range")
    case (.publish, 3): return Reply.integer(store.publish(command[2], to: command[1]))
    case (.quit, _): return Reply.ok
    case (.ping, 1): return Reply.pong
    case (.ping, 2), (.echo, 2): return Reply.bulk(command[1])
    // What clients ask for when they connect.
    case (.config, _), (.command, _): return Reply.emptyArray
    default:
      return Reply.error("unknown command or wrong number of words: '\(command[0].prefix(64))'")
    }
  }
}

@main
enum Program {
  static func main() { ExampleOptions(defaultPort: 52010).serve(RESPServer()) }
}

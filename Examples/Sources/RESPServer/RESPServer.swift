// A server of the Redis protocol: GET, SET, DEL, INCR, pipelining, publish and subscribe.
// Run it:  swift run -c release RESPServer    Try it:  redis-cli -p 52010, redis-benchmark -p 52010 -t get,set

import ExampleOptions
import Throng

struct RESPServer: Handler {
  let store = Store()

  func handle(_ connection: Connection) async throws {
    let input = connection.reader(maximumLength: 64 << 20)
    var channels: Set<Bytes> = []
    defer { for channel in channels { store.unsubscribe(connection, from: channel) } }
    while let command = try await input.command() {
      if command.isNamed("subscribe") {
        for channel in command.words.dropFirst() {
          channels.insert(channel.compacted())
          try await connection.send(
            Reply.push("subscribe", channel, Reply.integer(channels.count)))
          store.subscribe(connection, to: channel)
        }
      } else if command.isNamed("unsubscribe") {
        let named = command.words.dropFirst()
        for channel in named.isEmpty ? Array(channels) : Array(named) {
          channels.remove(channel)
          store.unsubscribe(connection, from: channel)
          try await connection.send(
            Reply.push("unsubscribe", channel, Reply.integer(channels.count)))
        }
      } else if command.isNamed("quit") {
        return try await connection.send(Reply.ok)
      } else {
        try await connection.send(reply(to: command))
      }
    }
  }

  private func reply(to command: Command) -> Bytes {
    let count = command.words.count
    if command.isNamed("get", words: 2) {
      return store.get(command[1]).map(Reply.bulk) ?? Reply.null
    }
    if command.isNamed("set", words: 3) {
      store.set(command[1], command[2])
      return Reply.ok
    }
    if command.isNamed("del"), count > 1 {
      return Reply.integer(store.remove(command.words.dropFirst()))
    }
    if command.isNamed("incr", words: 2) {
      return store.add(1, to: command[1]).map(Reply.integer)
        ?? Reply.error("value is not an integer or out of range")
    }
    if command.isNamed("publish", words: 3) {
      return Reply.integer(store.publish(command[2], to: command[1]))
    }
    if command.isNamed("ping", words: 1) { return Reply.pong }
    if command.isNamed("ping", words: 2) || command.isNamed("echo", words: 2) {
      return Reply.bulk(command[1])
    }
    // What clients ask for when they connect.
    if command.isNamed("config") || command.isNamed("command") { return Reply.emptyArray }
    return Reply.error("unknown command or wrong number of words: '\(command.name.prefix(64))'")
  }
}

@main
enum Program {
  static func main() { ExampleOptions(defaultPort: 52010).serve(RESPServer()) }
}

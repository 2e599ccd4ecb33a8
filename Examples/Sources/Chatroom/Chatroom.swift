// One room: what a client says, all others hear.
// Run it:  swift run Chatroom       Try it:  nc localhost 52002, in two terminals

import Throng

struct Chatroom: Handler {
  let room = Room(historyLimit: 10)

  func handle(_ connection: Connection) async throws {
    room.join(connection)
    defer { room.leave(connection) }
    for try await line in connection.lines(maximumLength: 1000) {
      room.broadcast(
        Bytes("\(connection.id): \(line.text)\n"), except: connection, remembering: true)
    }
  }
}

@main
enum Program {
  static func main() {
    let arguments = CommandLine.arguments
    let port = arguments.count > 1 ? Int(arguments[1]) : 52002
    guard let port else { return print("usage: chatroom [PORT]") }
    Server(Chatroom(), configuration: Configuration(port: port)).runOrExit()
  }
}

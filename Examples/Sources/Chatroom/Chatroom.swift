// One room: what a client says, all others hear. A client that says nothing is asked whether it is still there,
// and closed when it does not answer.
// Run it:  swift run Chatroom       Try it:  nc localhost 52002, in two terminals

import Throng

struct Chatroom: Handler {
  let room = Room(historyLimit: 10)
  var silenceLimit = Duration.seconds(300)

  func handle(_ connection: Connection) async throws {
    room.join(connection)
    defer { room.leave(connection) }
    // What others say is written to the connection by their handlers, whatever this one waits for.
    let input = connection.reader(maximumLength: 1000)
    var wasAsked = false
    while true {
      do {
        let line = try await connection.withReceiveTimeout(silenceLimit) { try await input.line() }
        guard let line else { return }
        wasAsked = false
        room.broadcast("\(connection.id): \(line)\n", except: connection, remembering: true)
      } catch ConnectionError.timedOut(.receive) {
        if wasAsked { return try await connection.send("bye\n") }
        wasAsked = true
        try await connection.send("are you still there?\n")
      }
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

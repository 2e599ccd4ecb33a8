// Length-prefixed requests and replies, and a client for them.
// Run it:  swift run Calculator        Ask it, in another terminal:  swift run Calculator 6 x 7

import ExampleOptions
import Throng

/// The server.
struct Calculator: Handler {
  func handle(_ connection: Connection) async throws {
    for try await frame in connection.frames(lengthPrefix: .fourBytes, maximumLength: 64) {
      guard let request = Request(frame: frame) else {
        throw InputError(.malformed("a frame of \(frame.count) bytes is no request"))
      }
      var writer = ByteWriter(capacity: 32)
      Reply(number: request.number, result: request.result).write(to: &writer)
      try await connection.send(writer)
    }
  }
}

/// The client: sends all requests at once, and returns the replies in the order in which they come.
func ask(_ requests: [Request], on connection: Connection) async throws -> [Reply] {
  var writer = ByteWriter()
  for request in requests { request.write(to: &writer) }
  try await connection.send(writer)
  var replies: [Reply] = []
  for try await frame in connection.frames(lengthPrefix: .fourBytes, maximumLength: 64) {
    guard let reply = Reply(frame: frame) else {
      throw InputError(.malformed("a frame of \(frame.count) bytes is no reply"))
    }
    replies.append(reply)
    if replies.count == requests.count { break }
  }
  return replies
}

@main
enum Program {
  private static let port = 52012

  static func main() async throws {
    let words = Array(CommandLine.arguments.dropFirst())
    guard words.count == 3 else {
      return ExampleOptions(defaultPort: port).serve(Calculator())
    }
    let operations: [String: Request.Operation] = [
      "+": .add, "-": .subtract, "x": .multiply, "/": .divide,
    ]
    guard let left = Int64(words[0]), let operation = operations[words[1]],
      let right = Int64(words[2])
    else { return print("usage: calculator NUMBER [+ - x /] NUMBER") }
    let request = Request(number: 1, left, operation, right)
    let replies = try await Client.withConnection(to: "localhost", port: port) {
      try await ask([request], on: $0)
    }
    print(replies.first?.result.map(String.init) ?? "no result")
  }
}

// A line protocol in twenty lines: every line comes back in capitals, `quit` ends.
// Run it:  swift run Shouter        Try it:  nc localhost 52001

import Throng

struct Shouter: Handler {
  func handle(_ connection: Connection) async throws {
    try await connection.send("say something, or quit\n")
    for try await line in connection.lines(maximumLength: 1000) {
      if line == "quit" { break }
      try await connection.send(line.text.uppercased() + "\n")
    }
    try await connection.send("bye\n")
  }
}

@main
enum Program {
  static func main() {
    Server(Shouter(), configuration: Configuration(port: 52001)).runOrExit()
  }
}

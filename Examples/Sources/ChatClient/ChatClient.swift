// A client for the chat room: sends lines from standard input, and prints what comes. Ends when the server does;
// at the end of standard input it waits for what the server still has to say.
// Run it:  swift run ChatClient localhost 52002

import Foundation
import Throng

/// - Parameters:
///   - nextLine: the next line to send, with its terminator; nil at the end.
///   - show: gets what comes.
nonisolated(nonsending) func chat(
  on connection: Connection, nextLine: @escaping @Sendable () async -> String?,
  show: (Bytes) -> Void
) async throws {
  // Not awaited: a server that ends does not wait for the next line.
  let sender = Task {
    while let line = await nextLine() { try await connection.send(line) }
    connection.closeOutbound()
  }
  defer { sender.cancel() }
  for try await bytes in connection.inbound { show(bytes) }
}

@main
enum Program {
  private static let input = DispatchQueue(label: "standard input")

  static func main() async {
    let words = CommandLine.arguments
    guard words.count == 3, let port = Int(words[2]) else {
      return print("usage: chat-client HOST PORT")
    }
    do {
      try await Client.withConnection(to: words[1], port: port) { connection in
        try await chat(on: connection, nextLine: readLine) {
          FileHandle.standardOutput.write(Data($0))
        }
      }
    } catch {
      FileHandle.standardError.write(Data("\(error)\n".utf8))
      exit(1)
    }
  }

  /// Reading blocks a thread, which is none of those that run tasks.
  @Sendable private static func readLine() async -> String? {
    await withCheckedContinuation { continuation in
      input.async { continuation.resume(returning: Swift.readLine(strippingNewline: false)) }
    }
  }
}

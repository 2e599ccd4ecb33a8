// The server of the oldest socket tutorial: it greets, prints what the client says, greets again.

import Throng

/// Greets each client, prints what it sends on standard output, and greets it again after each
/// receive, until its FIN.
///
/// Standard output gets the bytes as they came; when it is a terminal, what could control the terminal
/// is escaped. Printing never blocks: up to 256 KiB wait for a standard output that is not read, and what
/// comes then is dropped. The log says that bytes are dropped, and later how many.
public struct Greet: Handler, Sendable {
  /// Bytes per receive.
  private static let receiveLimit = 1024
  private static let greeting: Bytes = "Hi! I am server\n"

  /// Creates the handler, and opens standard output.
  public init() { Printer.prepare() }

  /// Greets, and then prints and greets for each receive, until the FIN of the client.
  public func handle(_ connection: Connection) async throws {
    var printer = Printer()
    defer { printer.finish() }
    try await connection.send(Self.greeting)
    while let bytes = try await connection.receive(atMost: Self.receiveLimit) {
      printer.print(bytes)
      try await connection.send(Self.greeting)
    }
  }
}

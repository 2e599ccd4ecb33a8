// Sends back each line: shows framing, and what to do with a line that is too long.

import Throng

/// Sends back what each client sends, line by line.
public struct LineEcho: Handler, Sendable {
  private let maximumLength: Int

  /// - Parameter maximumLength: bytes of a line without its terminator; the client of a longer one is
  ///   told so and disconnected.
  public init(maximumLength: Int = 8192) { self.maximumLength = maximumLength }

  /// Sends each line back, until the FIN of the client.
  public func handle(_ connection: Connection) async throws {
    do {
      for try await line in connection.lines(maximumLength: maximumLength) {
        try await connection.send("\(line)\n" as Bytes)
      }
    } catch let error as InputError {
      guard case .tooLong(let maximum) = error.reason else { throw error }
      try await connection.send("error: a line may have at most \(maximum) bytes\n")
    }
  }
}

// The shortest test of a handler: what is sent, and what comes back.

import LinuxSystem
import Throng

/// Serves one client with the handler, under each model, and compares what it receives. The client sends
/// everything at once, and another one byte by byte, which most handlers that rely on how bytes arrive
/// fail; then it sends FIN and receives until the server's.
///
/// ```swift
/// try await exchange(with: LineEcho(), sending: "ping\n", expecting: "ping\n")
/// ```
/// - Parameters:
///   - handler: serves the clients.
///   - models: under each of these.
///   - sending: all that each client sends.
///   - expecting: all that each client must receive until the server's FIN.
///   - timeLimit: for each client; it only ends a hang.
/// - Throws: ``TestFailure``, which says under which model what was received instead.
public func exchange(
  with handler: some Handler & Sendable, under models: [Model] = Model.everyKind, sending: Bytes,
  expecting: Bytes, timeLimit: Duration = .seconds(30)
) async throws {
  for model in models {
    try await withServer(handler, model: model, timeLimit: timeLimit) {
      try compare($0, model, sending, expecting)
    }
  }
}

/// The same for an event handler.
public func exchange(
  withEvents handler: some EventHandler & Sendable, under models: [Model] = Model.everyKind,
  sending: Bytes,
  expecting: Bytes, timeLimit: Duration = .seconds(30)
) async throws {
  for model in models {
    try await withServer(events: handler, model: model, timeLimit: timeLimit) {
      try compare($0, model, sending, expecting)
    }
  }
}

private func compare(
  _ server: TestServer, _ model: Model, _ sent: Bytes, _ expected: Bytes
) throws {
  for piece in [max(1, sent.count), 1] {
    do {
      let client = try server.connect()
      for start in stride(from: 0, to: sent.count, by: piece) {
        try client.send(sent[start..<min(start + piece, sent.count)])
      }
      client.finishSending()
      try client.expect(expected)
      try client.expectEnd()
    } catch {
      throw TestFailure("\(model), sending \(piece) bytes at a time: \(error)")
    }
  }
}

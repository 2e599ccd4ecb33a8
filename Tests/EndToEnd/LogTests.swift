// The log of the built command, as programs read it.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct LogTests {
  /// Also the lines that are not log records: where it listens, the counters, and why it ends.
  @Test func everyLineIsAnObject() throws {
    let flags = ["--log-format", "json", "--log-level", "debug", "--stats"]
    try ServeProgram.run(flags + ["--handler", "echo"]) { (server) throws in
      #expect(try server.netcat("hello\n") == "hello\n")
      server.program.send(SIGTERM)
      #expect(try server.program.waitForEnd() == .status(0))
      let lines = server.program.errors.text.split(separator: "\n")
      let objects = try lines.map {
        try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
      }
      #expect(objects.allSatisfy { $0?["time"] is String && $0?["level"] is String })
      let messages = objects.compactMap { $0?["message"] as? String }
      #expect(messages.count == lines.count)
      #expect(messages.contains { $0.hasPrefix("listening on 127.0.0.1:\(server.port)") })
      #expect(messages.contains { $0.hasPrefix("connection 1 from 127.0.0.1:") })
      #expect(messages.last?.contains("1 accepted") == true)
    }
  }

  @Test func theReasonOfAFailedStartIsAnObject() throws {
    let (end, _, errors) = try ThrongProgram.run([
      "serve", "--log-format", "json", "--unix", "/nonexistent/socket",
    ])
    #expect(end == .status(1))
    let object = try JSONSerialization.jsonObject(with: Data(errors.utf8)) as? [String: Any]
    #expect((object?["message"] as? String)?.contains("/nonexistent/socket") == true)
  }
}

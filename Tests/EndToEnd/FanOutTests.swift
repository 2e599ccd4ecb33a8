// `throng bench --fan-out` with `throng serve --handler chat`: every line reaches every member.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct FanOutTests {
  @Test(arguments: everyModel)
  func everyLineOfAChatReachesEveryMember(model: [String]) throws {
    let flags = ["--handler", "chat", "--chat-rate", "off", "--chat-byte-rate", "off"]
    try ServeProgram.run(flags + model) { server in
      // The second run joins a room with the history of the first.
      let result = try bench(server, ["--depth", "4", "--hello", "member{n}", "--repeat", "2"])
      #expect(result.end == .status(0), "\(result.output)\(result.errors)")
      #expect(result.output.contains(" deliveries/s to 20 receivers, "))
    }
  }

  @Test func aServerWithoutBroadcastIsAFault() throws {
    try ServeProgram.run(["--handler", "discard"]) { server in
      let result = try bench(server, timeout: "3s")
      #expect(result.end == .status(1))
      #expect(
        result.output.contains("connection 1: no line of the sender received within 3.0 seconds"))
    }
  }

  private func bench(
    _ server: ServeProgram, _ flags: [String] = [], timeout: String = "30s"
  ) throws -> (end: Program.End, output: String, errors: String) {
    let load = [
      "--fan-out", "--connections", "20", "--duration", "300ms", "--warmup", "50ms",
      "--timeout", timeout,
    ]
    return try ThrongProgram.run(["bench", "127.0.0.1:\(server.port)", "--quiet"] + load + flags)
  }
}

// `throng serve --handler echo` and `discard`.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct EchoTests {
  private let megabyte = Data((0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })

  @Test(arguments: everyModel, ["echo", "event-echo"])
  func aMegabyteComesBackUnchangedAfterAHalfClose(model: [String], handler: String) throws {
    try ServeProgram.run(["--handler", handler] + model) { server in
      let echoed = try Program.run(
        "socat", ["-t20", "-", "TCP:127.0.0.1:\(server.port)"], input: megabyte)
      #expect(echoed == megabyte)
    }
  }

  @Test func discardAnswersNothingAndClosesAtFIN() throws {
    try ServeProgram.run(["--handler", "discard"]) { (server) throws in
      #expect(try server.netcat("anything") == "")
    }
  }
}

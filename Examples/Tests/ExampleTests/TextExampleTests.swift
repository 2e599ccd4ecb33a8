// The two shortest examples.

import Testing
import Throng
import ThrongTesting

@testable import Chatroom
@testable import Shouter

@Suite struct TextExampleTests {
  @Test func linesComeBackInCapitals() async throws {
    try await exchange(
      with: Shouter(), sending: "hello\nquit\nlost\n",
      expecting: "say something, or quit\nHELLO\nbye\n")
  }

  @Test(arguments: Model.everyKind)
  func othersHearWhatAClientSays(_ model: Model) async throws {
    try await withServer(Chatroom(), model: model) { server in
      let ann = try server.connect()
      try ann.send("hello\n")
      // A newcomer gets the history, and is a member by then.
      let bob = try server.connect()
      #expect(try bob.line() == "1: hello")
      try bob.send("hi\n")
      #expect(try ann.line() == "2: hi")
    }
  }
}

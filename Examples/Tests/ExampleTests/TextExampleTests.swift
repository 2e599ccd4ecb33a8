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
      // A newcomer gets the history, and is a member by then. Which of them is number 1 is not certain
      // where two loops accept.
      let bob = try server.connect()
      #expect(try ["1: hello", "2: hello"].contains(bob.line()))
      try bob.send("hi\n")
      #expect(try ["1: hi", "2: hi"].contains(ann.line()))
    }
  }
}

// The shortest examples.

import Testing
import Throng
import ThrongTesting

@testable import ChatClient
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

  @Test(arguments: Model.everyKind)
  func aSilentClientIsAskedAndClosed(_ model: Model) async throws {
    let chatroom = Chatroom(silenceLimit: .milliseconds(20))
    try await withServer(chatroom, model: model) { server in
      let client = try server.connect()
      try client.expect("are you still there?\nbye\n")
      try client.expectEnd()
    }
  }

  @Test func theClientEndsWithItsInput() async throws {
    let said = try await Self.chat(with: Shouter(), lines: ["hello\n", "you\n"])
    #expect(said == "say something, or quit\nHELLO\nYOU\nbye\n")
  }

  /// Although there would be another line to wait for.
  @Test func theClientEndsWithTheServer() async throws {
    let said = try await Self.chat(with: Shouter(), lines: ["hello\n", "quit\n", nil])
    #expect(said == "say something, or quit\nHELLO\nbye\n")
  }

  /// - Parameter lines: nil waits until the client has ended.
  private static func chat(with handler: Shouter, lines: [String?]) async throws -> String {
    let server = Server(handler, configuration: Configuration(host: "127.0.0.1", port: 0))
    try server.listen()
    async let serving: Void = server.run()
    let (input, feed) = AsyncStream<String>.makeStream()
    for line in lines { if let line { feed.yield(line) } }
    if !lines.contains(nil) { feed.finish() }
    let nextLine = LineSource(input)
    var said = ""
    try await Client.withConnection(to: server.addresses[0]) { connection in
      try await ChatClient.chat(on: connection, nextLine: { await nextLine.next() }) {
        said += $0.text
      }
    }
    feed.finish()
    server.stop()
    try await serving
    return said
  }

  private actor LineSource {
    private var lines: AsyncStream<String>.Iterator
    init(_ lines: AsyncStream<String>) { self.lines = lines.makeAsyncIterator() }
    func next() async -> String? {
      var lines = lines
      return await lines.next(isolation: self)
    }
  }
}

// The Redis protocol, under each model: whole and byte by byte.

import Testing
import Throng
import ThrongTesting

@testable import RESPServer

@Suite struct RESPServerTests {
  @Test func commandsAreAnswered() async throws {
    try await exchange(
      with: RESPServer(),
      sending: """
        PING\r
        *1\r\n$4\r\nPING\r
        *2\r\n$4\r\nECHO\r\n$2\r\nhi\r
        *3\r\n$3\r\nSET\r\n$1\r\na\r\n$4\r\n1\r\n2\r
        *2\r\n$3\r\nget\r\n$1\r\na\r
        *2\r\n$3\r\nGET\r\n$1\r\nb\r
        *2\r\n$4\r\nINCR\r\n$1\r\nn\r
        *2\r\n$4\r\nINCR\r\n$1\r\nn\r
        *2\r\n$4\r\nINCR\r\n$1\r\na\r
        *4\r\n$3\r\nDEL\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nn\r
        *1\r\n$3\r\nGET\r
        *1\r\n$4\r\nQUIT\r

        """,
      expecting: """
        +PONG\r
        +PONG\r
        $2\r\nhi\r
        +OK\r
        $4\r\n1\r\n2\r
        $-1\r
        :1\r
        :2\r
        -ERR value is not an integer or out of range\r
        :2\r
        -ERR unknown command or wrong number of words: 'GET'\r
        +OK\r

        """)
  }

  @Test(arguments: Model.everyKind)
  func subscribersGetWhatIsPublished(_ model: Model) async throws {
    try await withServer(RESPServer(), model: model) { server in
      let subscriber = try server.connect()
      try subscriber.send("SUBSCRIBE news\r\n")
      try subscriber.expect("*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n")
      // Its membership begins after the reply; once it answers, it has begun.
      try subscriber.send("PING\r\n")
      try subscriber.expect("+PONG\r\n")
      let publisher = try server.connect()
      try publisher.send("PUBLISH news hello\r\nPUBLISH other hello\r\n")
      try publisher.expect(":1\r\n:0\r\n")
      try subscriber.expect("*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n")
      try subscriber.send("UNSUBSCRIBE\r\n")
      try subscriber.expect("*3\r\n$11\r\nunsubscribe\r\n$4\r\nnews\r\n:0\r\n")
      try publisher.send("PUBLISH news hello\r\n")
      try publisher.expect(":0\r\n")
    }
  }

  @Test func nonsenseEndsTheConnection() async throws {
    for nonsense in ["*x\r\n", "*0\r\n", "*1\r\n:4\r\n", "*1\r\n$-1\r\n", "*2000000000\r\n"] {
      try await exchange(
        with: RESPServer(), under: [.reactor], sending: Bytes("PING\r\n" + nonsense),
        expecting: "+PONG\r\n")
    }
  }
}

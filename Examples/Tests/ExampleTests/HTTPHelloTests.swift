// HTTP/1.1, under each model: whole and byte by byte.

import Testing
import Throng
import ThrongTesting

@testable import HTTPHello

@Suite struct HTTPHelloTests {
  private static func response(_ body: String, _ status: String = "200 OK") -> String {
    "HTTP/1.1 \(status)\r\nContent-Type: text/plain\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  @Test func requestsAreAnsweredInTheirOrder() async throws {
    try await exchange(
      with: HTTPHello(),
      sending: """
        GET / HTTP/1.1\r\nHost: a\r\n\r
        POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 5\r\n\r\nhello\
        POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n00a\r\n0123456789\r\n0\r\nT: x\r\n\r
        PUT / HTTP/1.1\r\n\r
        GET / HTTP/1.1\r\nConnection: close\r\n\r
        GET / HTTP/1.1\r\n\r

        """,
      expecting: Bytes(
        Self.response("Hello, world!\n") + Self.response("hello") + Self.response("abc0123456789")
          + Self.response("", "405 Method Not Allowed") + Self.response("Hello, world!\n")))
  }

  @Test func aClientMayAskFirst() async throws {
    try await exchange(
      with: HTTPHello(),
      sending: "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
      expecting: Bytes("HTTP/1.1 100 Continue\r\n\r\n" + Self.response("hi")))
  }

  @Test(arguments: [
    "GET /\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
    "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
  ])
  func nonsenseIsABadRequest(_ request: String) async throws {
    try await withServer(HTTPHello()) { server in
      let client = try server.connect()
      try client.send(Bytes(request))
      #expect(try client.line() == "HTTP/1.1 400 Bad Request")
    }
  }

  @Test func aBodyThatIsTooLongIsRefused() async throws {
    try await withServer(HTTPHello()) { server in
      let client = try server.connect()
      try client.send("POST / HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n")
      #expect(try client.line() == "HTTP/1.1 413 Content Too Large")
    }
  }
}

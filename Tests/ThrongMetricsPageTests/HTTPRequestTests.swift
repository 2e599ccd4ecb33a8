// The heads of requests that are answered, and those that are refused.

import Testing

@testable import ThrongMetricsPage

@Suite struct HTTPRequestTests {
  @Test(arguments: [
    ("GET / HTTP/1.1", HTTPRequest.Method.get, "/", true),
    ("HEAD /metrics?x=1 HTTP/1.1", .head, "/metrics", true),
    ("GET /healthz HTTP/1.0", .get, "/healthz", false), ("POST / HTTP/1.1", .other, "/", true),
  ])
  func aRequestLineIsRead(
    _ line: String, _ method: HTTPRequest.Method, _ path: String, _ keepsAlive: Bool
  ) throws {
    let request = try HTTPRequest(line: line)
    #expect(request.method == method)
    #expect(request.path == path)
    #expect(request.keepsAlive == keepsAlive)
  }

  @Test(arguments: [
    "", "GET", "GET /", "GET  / HTTP/1.1", "GET / HTTP/2", "GET http://x/ HTTP/1.1",
    "GET / HTTP/1.1 x",
  ])
  func anythingElseIsMalformed(_ line: String) {
    #expect(throws: HTTPRequest.Failure.malformed) { try HTTPRequest(line: line) }
  }

  @Test(arguments: ["Connection: close", "connection:Keep-Alive, Close", "CONNECTION:\tclose "])
  func theClientCanEndTheConnection(_ header: String) throws {
    var request = try HTTPRequest(line: "GET / HTTP/1.1")
    try request.apply(header: header)
    #expect(!request.keepsAlive)
  }

  /// Its body would be read as the next request.
  @Test(arguments: ["Content-Length: 5", "Transfer-Encoding: chunked", "no colon", ": x"])
  func aRequestWithABodyIsRefused(_ header: String) throws {
    var request = try HTTPRequest(line: "GET / HTTP/1.1")
    #expect(throws: HTTPRequest.Failure.malformed) { try request.apply(header: header) }
    try request.apply(header: "Content-Length: 0")
  }
}

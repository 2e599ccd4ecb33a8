// HTTP/1.1: greets a GET, and sends back the body of a POST. Keep-alive, pipelining, Content-Length, chunked
// bodies and `Expect: 100-continue`.
// Run it:  swift run -c release HTTPHello     Try it:  curl localhost:52011/ -d hello

import ExampleOptions
import Throng

struct HTTPHello: Handler {
  private static let hello = response("200 OK", "Hello, world!\n")
  private static let longestBody = 1 << 20

  func handle(_ connection: Connection) async throws {
    let input = connection.reader(maximumLength: Self.longestBody)
    do {
      while let head = try await input.until("\r\n\r\n") {
        let request = try Request(head: head)
        if request.expectsContinue { try await connection.send("HTTP/1.1 100 Continue\r\n\r\n") }
        let body = try await body(of: request, input)
        switch request.method {
        case "GET": try await connection.send(Self.hello)
        case "POST": try await connection.send(Self.response("200 OK", body))
        default: try await connection.send(Self.response("405 Method Not Allowed", ""))
        }
        if !request.keepsAlive { return }
      }
    } catch let error as InputError {
      let isTooLong = error.reason == .tooLong(maximum: Self.longestBody)
      let status: Bytes = isTooLong ? "413 Content Too Large" : "400 Bad Request"
      try await connection.send(Self.response(status, "\(error)\n"))
      throw error
    }
  }

  private nonisolated(nonsending) func body(
    of request: Request, _ input: Reader
  ) async throws -> Bytes {
    guard case .chunked = request.bodyLength else {
      guard case .bytes(let count) = request.bodyLength, count > 0 else { return Bytes() }
      return try await input.exactly(count)
    }
    var body = ByteWriter()
    while true {
      let line = try await input.until("\r\n") ?? Bytes()
      // After a semicolon come extensions, which have no meaning here.
      let digits = line.firstIndex(of: UInt8(ascii: ";")).map { line[..<$0] } ?? line
      guard let count = digits.trimmingSpaces.integer(radix: 16), count >= 0 else {
        throw InputError(.malformed("a wrong chunk size"), offset: input.offset)
      }
      if count == 0 { break }
      if body.count + count > Self.longestBody {
        throw InputError(.tooLong(maximum: Self.longestBody), offset: input.offset)
      }
      body.write(try await input.exactly(count))
      try await input.skip(2)
    }
    while let trailer = try await input.until("\r\n"), !trailer.isEmpty {}
    return body.bytes
  }

  private static func response(_ status: Bytes, _ body: Bytes) -> Bytes {
    "HTTP/1.1 \(status)\r\nContent-Type: text/plain\r\nContent-Length: \(body.count)\r\n\r\n\(body)"
  }
}

@main
enum Program {
  static func main() { ExampleOptions(defaultPort: 52011).serve(HTTPHello()) }
}

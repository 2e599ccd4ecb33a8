// HTTP/1.1: greets a GET, and sends back the body of a POST. Keep-alive, pipelining, Content-Length, chunked
// bodies and `Expect: 100-continue`.
// Run it:  swift run -c release HTTPHello     Try it:  curl localhost:52011/ -d hello

import ExampleOptions
import Throng

struct HTTPHello: Handler {
  private static let hello = response("200 OK", "Hello, world!\n")
  private static let longestBody = 1 << 20

  /// What is left to be done for a request: its answer, or its body comes first.
  private enum Step {
    case send(Bytes, keepsAlive: Bool)
    indirect case receiveBody(Request)
  }

  func handle(_ connection: Connection) async throws {
    let input = connection.reader(maximumLength: Self.longestBody)
    do {
      while let step = try await input.message(Self.step) {
        switch step {
        case .send(let answer, let keepsAlive):
          try await connection.send(answer)
          if !keepsAlive { return }
        case .receiveBody(let request):
          try await connection.send(try await Self.answer(to: request, after: input))
          if !request.keepsAlive { return }
        }
      }
    } catch let error as InputError {
      try await connection.send(Self.refusal(error))
      throw error
    }
  }

  private static func step(_ bytes: Bytes) throws -> (message: Step, length: Int)? {
    guard let (request, length) = try Request.parse(bytes) else { return nil }
    if request.hasBody { return (.receiveBody(request), length) }
    return (.send(answer(to: request, Bytes()), keepsAlive: request.keepsAlive), length)
  }

  private static func answer(to request: Request, _ body: Bytes) -> Bytes {
    switch request.method {
    case "GET": hello
    case "POST": response("200 OK", body)
    default: response("405 Method Not Allowed", "")
    }
  }

  private static func refusal(_ error: InputError) -> Bytes {
    let status: Bytes =
      switch error.reason {
      case .tooLong(Request.longestHead): "431 Request Header Fields Too Large"
      case .tooLong: "413 Content Too Large"
      default: "400 Bad Request"
      }
    return response(status, "\(error)\n")
  }

  private static nonisolated(nonsending) func answer(
    to request: Request, after input: Reader
  ) async throws -> Bytes {
    if request.expectsContinue {
      try await input.connection.send("HTTP/1.1 100 Continue\r\n\r\n")
    }
    return answer(to: request, try await body(of: request, input))
  }

  private static nonisolated(nonsending) func body(
    of request: Request, _ input: Reader
  ) async throws -> Bytes {
    guard case .chunked = request.bodyLength else {
      guard case .bytes(let count) = request.bodyLength else { return Bytes() }
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
      if body.count + count > longestBody {
        throw InputError(.tooLong(maximum: longestBody), offset: input.offset)
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

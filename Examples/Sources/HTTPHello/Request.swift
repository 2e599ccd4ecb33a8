// What the server needs to know of an HTTP/1.1 request (RFC 9112).

import Throng

struct Request {
  var method: Bytes
  var path: Bytes
  /// Whether the client wants the connection to stay open.
  var keepsAlive: Bool
  var bodyLength = BodyLength.bytes(0)
  var expectsContinue = false

  /// Whether a body follows, or the client waits until it may send one.
  var hasBody: Bool { bodyLength != .bytes(0) || expectsContinue }

  enum BodyLength: Equatable { case bytes(Int), chunked }

  private static let endOfHead: Bytes = "\r\n\r\n"
  static let longestHead = 16384

  /// The request line and the header fields that the bytes begin with, and how many bytes they have; nil when they
  /// are not complete.
  static func parse(_ bytes: Bytes) throws -> (message: Request, length: Int)? {
    let end = bytes.firstRange(of: endOfHead)
    if (end?.upperBound ?? bytes.count) > longestHead {
      throw InputError(.tooLong(maximum: longestHead))
    }
    guard let end else { return nil }
    return (try Request(head: bytes[..<end.lowerBound]), end.upperBound)
  }

  private init(head: Bytes) throws(InputError) {
    var rest = head
    var line = rest.removeLine() ?? Bytes()
    guard let method = line.removePrefix(through: UInt8(ascii: " ")),
      let path = line.removePrefix(through: UInt8(ascii: " ")), line.hasPrefix("HTTP/1.")
    else { throw InputError(.malformed("not an HTTP/1 request")) }
    self.method = method
    self.path = path
    keepsAlive = line != "HTTP/1.0"
    while let line = rest.removeLine() { try read(field: line) }
  }

  private mutating func read(field line: Bytes) throws(InputError) {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
      throw InputError(.malformed("a header field without a colon"))
    }
    let name = line[..<colon]
    // The names that matter, by their lengths: most fields are none of them.
    switch name.count {
    case 6, 10, 14, 17: break
    default: return
    }
    let value = line[(colon + 1)...].trimmingSpaces
    if name.isEqualIgnoringASCIICase(to: "content-length") {
      guard let length = value.integer(), length >= 0, bodyLength == .bytes(0) else {
        throw InputError(.malformed("a wrong Content-Length"))
      }
      bodyLength = .bytes(length)
    } else if name.isEqualIgnoringASCIICase(to: "transfer-encoding") {
      guard value.isEqualIgnoringASCIICase(to: "chunked"), bodyLength == .bytes(0) else {
        throw InputError(.malformed("an unknown Transfer-Encoding"))
      }
      bodyLength = .chunked
    } else if name.isEqualIgnoringASCIICase(to: "connection") {
      if value.isEqualIgnoringASCIICase(to: "close") { keepsAlive = false }
      if value.isEqualIgnoringASCIICase(to: "keep-alive") { keepsAlive = true }
    } else if name.isEqualIgnoringASCIICase(to: "expect") {
      expectsContinue = value.isEqualIgnoringASCIICase(to: "100-continue")
    }
  }
}

extension Bytes {
  /// Cuts off the first line; nil when nothing is left.
  fileprivate mutating func removeLine() -> Bytes? {
    if isEmpty { return nil }
    if let line = removePrefix(through: UInt8(ascii: "\n")) {
      return line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    }
    defer { self = Bytes() }
    return self
  }

  /// Without spaces, tabs and CR at both ends.
  var trimmingSpaces: Bytes {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d }
    var part = self
    while let first = part.first, isSpace(first) { part = part.dropFirst() }
    while let last = part.last, isSpace(last) { part = part.dropLast() }
    return part
  }
}

// What the server needs to know of an HTTP/1.1 request (RFC 9112).

import Throng

struct Request {
  var method: Bytes
  var path: Bytes
  /// Whether the client wants the connection to stay open.
  var keepsAlive: Bool
  var bodyLength = BodyLength.bytes(0)
  var expectsContinue = false

  enum BodyLength: Equatable { case bytes(Int), chunked }

  /// - Parameter head: the request line and the header fields, without the empty line.
  init(head: Bytes) throws(InputError) {
    var lines = head.split(separator: UInt8(ascii: "\n")).makeIterator()
    let words = (lines.next()?.bytes ?? Bytes()).split(separator: UInt8(ascii: " ")).map(\.bytes)
    guard words.count == 3, words[2].hasPrefix("HTTP/1.") else {
      throw InputError(.malformed("not an HTTP/1 request"))
    }
    method = words[0]
    path = words[1]
    keepsAlive = !words[2].hasPrefix("HTTP/1.0")
    while let line = lines.next() { try read(field: line.bytes) }
  }

  private mutating func read(field line: Bytes) throws(InputError) {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
      throw InputError(.malformed("a header field without a colon"))
    }
    let name = line[..<colon]
    // The names that matter, by their lengths: most fields are none of them.
    guard [6, 10, 14, 17].contains(name.count) else { return }
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
  /// Without spaces, tabs and CR at both ends.
  var trimmingSpaces: Bytes {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d }
    var part = self
    while let first = part.first, isSpace(first) { part = part.dropFirst() }
    while let last = part.last, isSpace(last) { part = part.dropLast() }
    return part
  }
}

// The head of an HTTP/1.1 request (RFC 9112), as far as a read-only responder needs it. Belongs to the
// handler's task.

import Throng

/// A request without a body.
struct HTTPRequest: Equatable {
  enum Method: Equatable { case get, head, other }

  var method: Method
  /// Without the query.
  var path: String
  /// Whether the client may send another request on the connection.
  var keepsAlive: Bool

  enum Failure: Error, Equatable {
    /// Not a request of HTTP/1, or one with a body.
    case malformed
    /// More header lines than are accepted.
    case tooLarge
  }

  /// Maximum bytes of a line, and lines of a head.
  static let maximumLineLength = 8192
  static let maximumLines = 100

  /// Reads the next request.
  /// - Returns: nil when the client has ended.
  /// - Throws: `Failure`; `ConnectionError` of the connection.
  static func read(from lines: inout Lines.Iterator) async throws -> HTTPRequest? {
    var first = try await lines.next()
    // A client may send an empty line before a request (RFC 9112, 2.2).
    if first?.isEmpty == true { first = try await lines.next() }
    guard let first else { return nil }
    var request = try HTTPRequest(line: String(decoding: first, as: UTF8.self))
    for _ in 0..<maximumLines {
      guard let line = try await lines.next() else { throw Failure.malformed }
      if line.isEmpty { return request }
      try request.apply(header: String(decoding: line, as: UTF8.self))
    }
    throw Failure.tooLarge
  }

  init(line: String) throws(Failure) {
    let words = line.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 3, words[2].hasPrefix("HTTP/1."), words[1].hasPrefix("/") else {
      throw .malformed
    }
    switch words[0] {
    case "GET": method = .get
    case "HEAD": method = .head
    default: method = .other
    }
    path = String(words[1].prefix { $0 != "?" })
    keepsAlive = words[2] != "HTTP/1.0"
  }

  mutating func apply(header: String) throws(Failure) {
    guard let colon = header.firstIndex(of: ":"), colon > header.startIndex else {
      throw .malformed
    }
    let name = header[..<colon].lowercased()
    let value = header[header.index(after: colon)...].filter { $0 != " " && $0 != "\t" }
    switch name {
    case "connection":
      let options = value.lowercased().split(separator: ",")
      if options.contains("close") { keepsAlive = false }
    // A body would be taken for the next request.
    case "transfer-encoding": throw .malformed
    case "content-length": if value != "0" { throw .malformed }
    default: break
    }
  }
}

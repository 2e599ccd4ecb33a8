// A response of HTTP/1.1 (RFC 9112) as a value.

struct HTTPResponse: Equatable {
  var status: Status
  var type: String
  var body: String
  /// Further header lines.
  var headers: [String] = []

  enum Status: String {
    case ok = "200 OK"
    case badRequest = "400 Bad Request"
    case notFound = "404 Not Found"
    case notAllowed = "405 Method Not Allowed"
    case tooLarge = "431 Request Header Fields Too Large"
    case unavailable = "503 Service Unavailable"
  }

  static func text(_ status: Status, _ text: String) -> HTTPResponse {
    HTTPResponse(status: status, type: "text/plain; charset=utf-8", body: text + "\n")
  }

  static let notAllowed = HTTPResponse(
    status: .notAllowed, type: "text/plain; charset=utf-8", body: "only GET and HEAD\n",
    headers: ["Allow: GET, HEAD"])

  /// The bytes to send.
  /// - Parameters:
  ///   - hasBody: false for HEAD, whose response is the head alone.
  ///   - keepsAlive: whether the connection takes another request.
  func text(hasBody: Bool, keepsAlive: Bool) -> String {
    var head = Self.head(status, type, headers)
    head += "Content-Length: \(body.utf8.count)\r\n"
    if !keepsAlive { head += "Connection: close\r\n" }
    return head + "\r\n" + (hasBody ? body : "")
  }

  /// The head of server-sent events, which end with the connection (HTML standard, 9.2).
  static let eventStreamHead =
    head(.ok, "text/event-stream; charset=utf-8", []) + "Connection: close\r\n\r\n"

  private static func head(_ status: Status, _ type: String, _ headers: [String]) -> String {
    let lines =
      [
        "HTTP/1.1 \(status.rawValue)", "Content-Type: \(type)", "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
      ] + headers
    return lines.map { $0 + "\r\n" }.joined()
  }
}

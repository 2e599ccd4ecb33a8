// Answers the requests of one client of the metrics server. Runs on the metrics server's own loop, so
// that it answers while the loops of the observed server are busy.

import LinuxSystem
import Throng

struct MetricsHandler: Handler {
  let source: MetricsSource

  /// How often the live page gets new figures.
  static let eventInterval = Duration.seconds(1)

  func handle(_ connection: Connection) async throws {
    var lines = connection.lines(maximumLength: HTTPRequest.maximumLineLength).makeAsyncIterator()
    while true {
      let request: HTTPRequest
      do {
        guard let next = try await HTTPRequest.read(from: &lines) else { return }
        request = next
      } catch let failure as HTTPRequest.Failure {
        return try await refuse(failure, connection)
      } catch is InputError {
        return try await refuse(.tooLarge, connection)
      }
      if request.path == "/events", request.method == .get {
        return try await sendEvents(connection)
      }
      let response = await response(to: request)
      let keepsAlive = request.keepsAlive && !connection.isDraining
      try await connection.send(
        response.text(hasBody: request.method != .head, keepsAlive: keepsAlive))
      guard keepsAlive else { return }
    }
  }

  private func refuse(_ failure: HTTPRequest.Failure, _ connection: Connection) async throws {
    let response: HTTPResponse =
      switch failure {
      case .malformed: .text(.badRequest, "malformed request")
      case .tooLarge: .text(.tooLarge, "the header is too large")
      }
    try await connection.send(response.text(hasBody: true, keepsAlive: false))
  }

  private func response(to request: HTTPRequest) async -> HTTPResponse {
    guard request.method != .other else { return .notAllowed }
    switch request.path {
    case "/": return LivePage.response
    case "/metrics":
      return HTTPResponse(
        status: .ok, type: PrometheusText.contentType, body: source.prometheusText)
    case "/healthz":
      return source.isServing ? .text(.ok, "ok") : .text(.unavailable, "not serving")
    case "/connections.json":
      return HTTPResponse(
        status: .ok, type: "application/json", body: await source.connections.text + "\n")
    default:
      return .text(.notFound, "not found: see /, /metrics, /healthz and /connections.json")
    }
  }

  /// Server-sent events until the client leaves or this server stops.
  private func sendEvents(_ connection: Connection) async throws {
    try await connection.send(HTTPResponse.eventStreamHead)
    while true {
      try await connection.send("data: \(source.snapshot.text)\n\n")
      do {
        // The client says nothing more: what comes is its end.
        guard try await connection.receive(within: Self.eventInterval) != nil else { return }
      } catch ConnectionError.timedOut(.receive) {}
    }
  }
}

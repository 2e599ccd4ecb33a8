// The pages of a metrics server beside a server with clients, over real sockets.

import Foundation
import TestSupport
import Testing
import Throng
import ThrongHandlers

@testable import ThrongMetricsPage

@Suite(.opensResources, .blocking, .serialized) struct MetricsServerTests {
  /// Serves with an echo server and its metrics server for the length of the body.
  private func withMetrics(
    _ model: Model = .reactor, configure: @Sendable (inout Configuration) -> Void = { _ in },
    _ body: @Sendable (RunningServer, SocketAddress) throws -> Void
  ) throws {
    var configuration = Configuration(host: testHost, port: 0)
    configure(&configuration)
    let server = Server(Echo(), model: model, configuration: configuration, log: .quiet)
    let page = MetricsServer(observing: server, on: .host(testHost, port: 0), log: .quiet)
    try page.listen()
    try page.start()
    defer { page.stop() }
    let running = try RunningServer(server)
    defer { running.server.stopNow() }
    try eventually("the server serves") { server.isServing }
    try body(running, page.addresses[0])
    running.server.stop()
    try running.waitUntilStopped()
  }

  private func get(_ path: String, from address: SocketAddress) throws -> String {
    let client = try TestClient(address)
    defer { client.close() }
    try client.send("GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    return String(decoding: try client.receiveToEnd(), as: UTF8.self)
  }

  private func body(_ path: String, from address: SocketAddress) throws -> String {
    let response = try get(path, from: address)
    let parts = response.split(separator: "\r\n\r\n", maxSplits: 1)
    try check(response.hasPrefix("HTTP/1.1 200 OK\r\n") && parts.count == 2, response)
    return String(parts[1])
  }

  private func text(before end: String, _ client: TestClient) throws -> String {
    var bytes: [UInt8] = []
    while !bytes.reversed().starts(with: end.utf8.reversed()) {
      bytes += try client.receive(exactly: 1)
    }
    return String(decoding: bytes.dropLast(end.utf8.count), as: UTF8.self)
  }

  private static let models: [Model] = [
    .reactor, .reactor(loops: 2), .threadPool(threads: 2), .threadPerClient,
  ]

  @Test(arguments: models)
  func prometheusReadsWhatWasCounted(_ model: Model) throws {
    try withMetrics(model) { server, address in
      let client = try server.connect()
      try client.send("hello")
      #expect(try client.receive(exactly: 5) == Array("hello".utf8))
      let text = try body("/metrics", from: address)
      #expect(text.hasSuffix("\n"))
      #expect(text.contains("\nthrong_downstream_cx_total 1\n"))
      #expect(text.contains("\nthrong_downstream_cx_active 1\n"))
      #expect(text.contains("\nthrong_downstream_cx_rx_bytes_total 5\n"))
      #expect(text.contains("\nthrong_accept_queue_length 0\n"))
      #expect(text.contains("\nprocess_open_fds "))
      #expect(!text.contains(testHost))
    }
  }

  /// The judges are Prometheus's own linter and its parser for Python.
  @Test func promtoolAndThePythonParserHaveNoComplaint() throws {
    try withMetrics(.reactor(loops: 2)) { server, address in
      let client = try server.connect()
      client.close()
      try eventually("the connection has closed") { server.metrics.closed == 1 }
      let text = Data(try body("/metrics", from: address).utf8)
      #expect(try Program.run("promtool", ["check", "metrics"], input: text).isEmpty)
      let script = """
        import sys
        from prometheus_client.parser import text_string_to_metric_families as parse
        families = {f.name: f for f in parse(sys.stdin.read())}
        assert families["throng_downstream_cx"].samples[0].value == 1
        assert families["throng_downstream_cx_length_seconds"].type == "histogram"
        assert families["throng_downstream_cx_length_seconds"].samples[-1].value == 1
        """
      #expect(try Program.run("/usr/bin/python3", ["-c", script], input: text).isEmpty)
    }
  }

  /// The observed server is full: its limit does not hold for its metrics.
  @Test func aFullServerIsStillObserved() throws {
    try withMetrics(configure: { $0.maximumConnections = 1 }) { server, address in
      let client = try server.connect()
      try client.send("x")
      _ = try client.receive(exactly: 1)
      let waiting = try server.connect()
      defer { waiting.close() }
      try eventually("accepting has paused") { server.metrics.acceptPauses > 0 }
      #expect(try body("/metrics", from: address).contains("\nthrong_accept_queue_length 1\n"))
      #expect(try body("/healthz", from: address) == "ok\n")
    }
  }

  @Test(arguments: models)
  func connectionsAreListedByTheirOutboxAndAge(_ model: Model) throws {
    try withMetrics(model) { server, address in
      let clients = try (0..<3).map { _ in try server.connect() }
      for client in clients {
        try client.send("x")
        _ = try client.receive(exactly: 1)
      }
      let text = try body("/connections.json", from: address)
      let report = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
      let oldest = report?["oldest"] as? [[String: Any]] ?? []
      #expect(report?["open"] as? Int == 3)
      #expect(report?["unansweredLoops"] as? Int == 0)
      #expect(oldest.compactMap { $0["id"] as? Int }.sorted() == [1, 2, 3])
      #expect(oldest.allSatisfy { ($0["address"] as? String)?.hasPrefix("127.0.0.") == true })
    }
  }

  @Test func oneConnectionTakesSeveralRequests() throws {
    try withMetrics { _, address in
      let client = try TestClient(address)
      defer { client.close() }
      for path in ["/healthz", "/nothing", "/healthz"] {
        try client.send("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
      }
      try client.send("HEAD /metrics HTTP/1.1\r\n\r\nPOST / HTTP/1.1\r\nConnection: close\r\n\r\n")
      let text = String(decoding: try client.receiveToEnd(), as: UTF8.self)
      let statuses = text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("HTTP/1.1 ") }
      #expect(statuses.map { $0.dropFirst(9).prefix(3) } == ["200", "404", "200", "200", "405"])
      #expect(!text.contains("# HELP"))
    }
  }

  @Test func malformedRequestsAreRefused() throws {
    try withMetrics { _, address in
      for (request, status) in [
        ("nonsense\r\n\r\n", "400"), ("GET / HTTP/1.1\r\nContent-Length: 9\r\n\r\n", "400"),
        ("GET /\(String(repeating: "x", count: 9000)) HTTP/1.1\r\n\r\n", "431"),
        ("GET / HTTP/1.1\r\n\(String(repeating: "a: b\r\n", count: 101))\r\n", "431"),
      ] {
        let client = try TestClient(address)
        defer { client.close() }
        try client.send(request)
        let response = String(decoding: try client.receiveToEnd(), as: UTF8.self)
        #expect(response.hasPrefix("HTTP/1.1 \(status) "), "\(request.prefix(30))")
      }
    }
  }

  /// It goes on until the page is left, and a server that stops ends it.
  @Test func eventsCarryTheFiguresOfTheLivePage() throws {
    try withMetrics(.reactor(loops: 2)) { server, address in
      let client = try TestClient(address)
      defer { client.close() }
      try client.send("GET /events HTTP/1.1\r\n\r\n")
      #expect(try text(before: "\r\n\r\n", client).contains("Content-Type: text/event-stream"))
      for _ in 0..<2 {
        let event = try text(before: "\n\n", client)
        #expect(event.hasPrefix("data: "))
        let json = try JSONSerialization.jsonObject(with: Data(event.utf8.dropFirst(6)))
        let figures = json as? [String: Any]
        #expect(figures?["open"] as? Int == 0)
        #expect((figures?["loops"] as? [Any])?.count == 2)
      }
    }
  }
}

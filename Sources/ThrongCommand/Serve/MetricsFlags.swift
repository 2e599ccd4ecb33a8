// The flag for the server's metrics.

import ArgumentParser
import Logging
import Throng
import ThrongMetricsPage

struct MetricsFlags: ParsableArguments {
  @Option(
    help: .value(
      "address",
      """
      Serve /metrics for Prometheus, /healthz, /connections.json and a live page over HTTP there: a port \
      of 127.0.0.1, host:port, or the path of a Unix socket. No access control.
      """, default: "off"),
    transform: Self.endpoint)
  var metrics: Endpoint?

  /// - Throws: `ValidationError` that says what an address looks like.
  @Sendable static func endpoint(_ text: String) throws -> Endpoint {
    if text.hasPrefix("/") || text.hasPrefix("@") { return .unix(path: text, mode: 0o600) }
    let colon = text.lastIndex(of: ":")
    let host = colon.map { String(text[..<$0]) } ?? "127.0.0.1"
    let digits = colon.map { String(text[text.index(after: $0)...]) } ?? text
    guard let port = try? NumberArgument.port(digits), let host = bareHost(host) else {
      throw ValidationError(
        "give a port, such as 9100, or host:port, such as [::1]:9100, or a path, such as /run/metrics"
      )
    }
    return .host(host, port: port)
  }

  /// A host without the brackets that an IPv6 address has before a port.
  private static func bareHost(_ host: String) -> String? {
    if host.hasPrefix("["), host.hasSuffix("]") { return String(host.dropFirst().dropLast()) }
    return host.isEmpty || host.contains(":") ? nil : host
  }

  /// Begins to serve the metrics.
  /// - Returns: nil without the flag.
  func start(observing server: Server, _ log: Logger) throws -> MetricsServer? {
    guard let metrics else { return nil }
    let page = MetricsServer(observing: server, on: metrics, log: log)
    do {
      try page.listen()
      try page.start()
    } catch {
      let sentence = "\(error)".replacing("Configuration.listen", with: "--metrics")
      throw Failure("cannot serve metrics: \(sentence)")
    }
    return page
  }

  /// Says where the metrics are.
  static func announce(_ page: MetricsServer) {
    for address in page.addresses {
      let place = address.port == nil ? "\(address)" : "http://\(address)/"
      StandardError.report(.notice, "metrics on \(place)", ["address": "\(address)"])
    }
  }
}

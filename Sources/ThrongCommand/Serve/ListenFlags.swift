// Flags for the addresses to listen on.

import ArgumentParser
import LinuxSystem
import Throng

private let defaultMode = Endpoint.unix(path: "").mode ?? 0

struct ListenFlags: ParsableArguments {
  @Option(
    help: .value(
      "host", "Listen on the addresses of this host; repeatable.",
      default: "every address"))
  var host: [String] = []

  @Option(
    help: .value(
      "port", "Listen on this TCP port; 0 takes a free one.",
      default: "\(defaultPort)"),
    transform: NumberArgument.port)
  var port: Int?

  @Option(
    help: ArgumentHelp(
      """
      Listen on a Unix socket; @name is an abstract one. With --host or --port, listen on both; \
      otherwise on the Unix socket only.
      """, valueName: "path"))
  var unix: String?

  @Option(
    help: .value(
      "octal", "Permissions of the Unix socket.",
      default: "\(String(defaultMode, radix: 8))"),
    transform: NumberArgument.permissions)
  var unixMode: UInt32?

  func validate() throws {
    if unixMode != nil, unix == nil {
      throw ValidationError("--unix-mode requires --unix (give both, or neither)")
    }
    if unixMode != nil, unix?.hasPrefix("@") == true {
      throw ValidationError("an abstract Unix socket has no permissions (leave out --unix-mode)")
    }
  }

  func apply(to configuration: inout Configuration) {
    var endpoints: [Endpoint] = []
    let port = port ?? defaultPort
    endpoints += host.map { .host($0, port: port) }
    if host.isEmpty, unix == nil || self.port != nil { endpoints.append(.anyAddress(port: port)) }
    if let unix { endpoints.append(.unix(path: unix, mode: unixMode ?? defaultMode)) }
    configuration.listen = endpoints
  }
}

extension Endpoint {
  fileprivate var mode: UInt32? {
    if case .unix(_, let mode) = self { mode } else { nil }
  }
}

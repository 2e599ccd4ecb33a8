// Flags for the addresses to listen on.

import ArgumentParser
import LinuxSystem
import Throng

struct ListenFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Listen on PORT, HOST:PORT, [IPV6]:PORT, a Unix socket (a path, or @NAME for an abstract one), or \
      on the sockets that a service manager passes under a name (fd:NAME); repeatable. ,tls: clients \
      speak TLS; ,proxy: clients are proxies. With --host, --port or --unix, listen on both.
      """, valueName: "address[,tls][,proxy]"),
    transform: ListenArgument.listener)
  var listen: [ListenerConfiguration] = []

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
      default: "\(String(Endpoint.defaultMode, radix: 8))"),
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
    var listeners = listen
    let port = port ?? defaultPort
    listeners += host.map { .host($0, port: port) }
    let hasOther = unix != nil || !listen.isEmpty
    if host.isEmpty, !hasOther || self.port != nil { listeners.append(.anyAddress(port: port)) }
    if let unix { listeners.append(.unix(path: unix, mode: unixMode ?? Endpoint.defaultMode)) }
    // Where some are marked, the others are plain.
    if listeners.contains(where: { $0.options.isSecure == true }) {
      for index in listeners.indices where listeners[index].options.isSecure == nil {
        listeners[index].options.isSecure = false
      }
    }
    configuration.listen = listeners
  }
}

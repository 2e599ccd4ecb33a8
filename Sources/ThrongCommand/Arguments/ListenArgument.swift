// A listener as it is written on a command line: an address, and how its clients are treated.

import ArgumentParser
import Throng

enum ListenArgument {
  private static let forms = "PORT, HOST:PORT, [IPV6]:PORT, a path, @NAME or fd:NAME"

  /// Parses `ADDRESS[,tls][,proxy]`.
  @Sendable static func listener(_ text: String) throws -> ListenerConfiguration {
    var parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    var listener = ListenerConfiguration(try endpoint(parts.removeFirst()))
    for part in parts {
      switch part {
      case "tls": listener.options.isSecure = true
      case "proxy": listener.options.expectsProxyHeader = true
      default:
        throw ValidationError("after an address comes ,tls or ,proxy, not ,\(part)")
      }
    }
    return listener
  }

  private static func endpoint(_ text: String) throws -> Endpoint {
    if text.hasPrefix("/") || text.hasPrefix("./") || text.hasPrefix("@") {
      return .unix(path: text)
    }
    if text.hasPrefix("unix:") { return .unix(path: String(text.dropFirst(5))) }
    if text.hasPrefix("fd:") { return .passed(name: String(text.dropFirst(3))) }
    guard let colon = text.lastIndex(of: ":") else {
      return .anyAddress(port: try port(text, of: text))
    }
    var host = text[..<colon]
    let port = try port(String(text[text.index(after: colon)...]), of: text)
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      throw ValidationError("write an IPv6 address in brackets, such as [::1]:52000")
    }
    return host.isEmpty || host == "*" ? .anyAddress(port: port) : .host(String(host), port: port)
  }

  private static func port(_ text: String, of address: String) throws -> Int {
    guard let port = Int(text), (0...65535).contains(port) else {
      throw ValidationError("'\(address)' is no address to listen on (give \(forms))")
    }
    return port
  }
}

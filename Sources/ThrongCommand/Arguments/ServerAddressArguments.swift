// The address of a server on a command line: HOST:PORT, HOST PORT, or a Unix socket.

import ArgumentParser
import ThrongLoad

struct ServerAddressArguments: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Address of the server: HOST:PORT or HOST PORT. (default port: \(defaultPort))",
      valueName: "address"))
  var words: [String] = []

  @Option(help: ArgumentHelp("Unix socket of the server, instead of HOST:PORT.", valueName: "path"))
  var unix: String?

  /// The address; nil without one.
  /// - Throws: `ValidationError` for words that are no address.
  func target() throws -> ServerAddress? {
    if let unix {
      guard words.isEmpty else { throw ValidationError("HOST:PORT and --unix exclude each other") }
      return .unix(path: unix)
    }
    switch words.count {
    case 0: return nil
    case 1: return try Self.parse(words[0])
    case 2: return .tcp(host: Self.host(words[0]), port: try Self.port(words[1]))
    default: throw Self.invalid(words.joined(separator: " "))
    }
  }

  func validate() throws { _ = try target() }

  private static func parse(_ text: String) throws -> ServerAddress {
    let colons = text.count { $0 == ":" }
    // An IPv6 address without a port, in brackets or not.
    let hasPort = colons == 1 || colons > 1 && text.hasPrefix("[") && !text.hasSuffix("]")
    guard hasPort, let colon = text.lastIndex(of: ":") else {
      return .tcp(host: host(text), port: defaultPort)
    }
    guard let port = try? port(String(text[text.index(after: colon)...])) else {
      throw invalid(text)
    }
    return .tcp(host: host(String(text[..<colon])), port: port)
  }

  private static func host(_ text: String) -> String {
    let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
    let host = isBracketed ? String(text.dropFirst().dropLast()) : text
    return host.isEmpty ? "127.0.0.1" : host
  }

  private static func port(_ text: String) throws -> Int {
    guard let port = Int(text), (1...65535).contains(port) else {
      throw ValidationError("invalid port '\(text)' (use a number from 1 to 65535)")
    }
    return port
  }

  private static func invalid(_ text: String) -> ValidationError {
    ValidationError(
      "invalid address '\(text)' (use HOST:PORT, such as 127.0.0.1:52000, or HOST PORT)")
  }
}

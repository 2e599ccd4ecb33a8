// What the examples understand on their command line: a port, and a model.

import Glibc
import Throng

/// `[PORT] [reactor | thread-pool | thread-per-client]`
public struct ExampleOptions {
  public var port: Int
  public var model = Model.reactor

  /// Ends the program with a line of usage when the arguments are anything else.
  public init(defaultPort: Int) {
    port = defaultPort
    for argument in CommandLine.arguments.dropFirst() {
      switch argument {
      case "reactor": model = .reactor
      case "thread-pool": model = .threadPool
      case "thread-per-client": model = .threadPerClient
      default:
        guard let port = Int(argument), (0...65535).contains(port) else {
          let usage = "usage: [PORT] [reactor | thread-pool | thread-per-client]\n"
          _ = usage.withCString { write(STDERR_FILENO, $0, strlen($0)) }
          exit(64)
        }
        self.port = port
      }
    }
  }

  /// Serves until a signal comes. A port in use is reported in one line, with status 1.
  public func serve(_ handler: some Handler & Sendable) {
    var configuration = Configuration(port: port)
    configuration.maximumConnectionsPerAddress = nil
    Server(handler, model: model, configuration: configuration).runOrExit()
  }
}

// The handlers that `throng serve` offers.

import ArgumentParser
import Logging
import Throng
import ThrongHandlers

enum HandlerChoice: String, CaseIterable, ExpressibleByArgument {
  case greet, echo, discard, chat
  case eventEcho = "event-echo"
  case lineEcho = "line-echo"

  /// - Parameter chatLimits: the other handlers have none of their own.
  func server(
    _ model: Model, _ configuration: Configuration, _ chatLimits: ChatLimits, _ log: Logger
  ) -> Server {
    switch self {
    case .greet: Server(Greet(), model: model, configuration: configuration, log: log)
    case .echo: Server(Echo(), model: model, configuration: configuration, log: log)
    case .lineEcho: Server(LineEcho(), model: model, configuration: configuration, log: log)
    case .discard: Server(Discard(), model: model, configuration: configuration, log: log)
    case .chat:
      Server(Chat(limits: chatLimits), model: model, configuration: configuration, log: log)
    case .eventEcho:
      Server(events: EventEcho(), model: model, configuration: configuration, log: log)
    }
  }

  /// Options of the connections that suit what the handler does, where no flag says otherwise.
  var connectionDefaults: ConnectionOptions {
    var options = ConnectionOptions()
    guard self == .chat else { return options }
    // Who listens in a chat may be silent for hours: only a vanished client must be found.
    options.idleTimeout = nil
    options.keepAlive = Self.chatKeepAlive
    return options
  }

  static let chatKeepAlive = Duration.seconds(60)
}

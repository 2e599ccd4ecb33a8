// The handlers that `throng serve` offers.

import ArgumentParser
import Logging
import Throng
import ThrongHandlers

enum HandlerChoice: String, CaseIterable, ExpressibleByArgument {
  case greet, echo, discard, chat
  case eventEcho = "event-echo"
  case lineEcho = "line-echo"

  /// Those that do something for each message if they are told to.
  static let working = [echo, eventEcho]

  /// - Parameters:
  ///   - workload: what the working handlers do for each message.
  ///   - chatLimits: the other handlers have none of their own.
  func server(
    _ workload: Workload, _ chatLimits: ChatLimits, _ model: Model, _ configuration: Configuration,
    _ log: Logger
  ) -> Server {
    func serve(_ handler: some Handler) -> Server {
      Server(handler, model: model, configuration: configuration, log: log)
    }
    func serve(events handler: some EventHandler) -> Server {
      Server(events: handler, model: model, configuration: configuration, log: log)
    }
    return switch self {
    case .greet: serve(Greet())
    case .echo: workload.isEmpty ? serve(Echo()) : serve(WorkingEcho(workload))
    case .lineEcho: serve(LineEcho())
    case .discard: serve(Discard())
    case .chat: serve(Chat(limits: chatLimits))
    case .eventEcho:
      workload.isEmpty ? serve(events: EventEcho()) : serve(events: WorkingEventEcho(workload))
    }
  }

  /// Options of the connections that suit what the handler does, where no flag says otherwise.
  var connectionDefaults: ConnectionOptions {
    var options = ConnectionOptions()
    switch self {
    case .chat:
      // A member may be silent for hours: only a client that has vanished must be found.
      options.idleTimeout = nil
      options.keepAlive = Self.chatKeepAlive
    case .echo, .eventEcho, .lineEcho, .discard: options.firstByteTimeout = Self.firstByteTimeout
    case .greet: break
    }
    return options
  }

  /// For handlers whose client speaks first: one that does not takes a place for nothing.
  static let firstByteTimeout = Duration.seconds(30)

  static let chatKeepAlive = Duration.seconds(60)
}

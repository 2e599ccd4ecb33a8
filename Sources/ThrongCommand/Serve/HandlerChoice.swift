// The handlers that `throng serve` offers.

import ArgumentParser
import Logging
import Throng
import ThrongChat
import ThrongHandlers

enum HandlerChoice: String, CaseIterable, ExpressibleByArgument {
  case greet, echo, discard, chat
  case eventEcho = "event-echo"
  case lineEcho = "line-echo"

  /// Handlers that accept --work and --block.
  static let working = [echo, eventEcho]

  /// - Parameters:
  ///   - workload: CPU time and blocking per message, for the handlers in `working`.
  ///   - chatLimits: limits of the chat.
  func server(
    _ workload: SimulatedWork, _ chatLimits: ChatLimits, _ model: Model,
    _ configuration: Configuration,
    _ log: Logger
  ) -> Server {
    func serve(_ handler: some Handler & Sendable) -> Server {
      Server(handler, model: model, configuration: configuration, log: log)
    }
    func serve(events handler: some EventHandler & Sendable) -> Server {
      Server(events: handler, model: model, configuration: configuration, log: log)
    }
    return switch self {
    case .greet: serve(Greet())
    case .echo: workload.isEmpty ? serve(Echo()) : serve(SimulatedWorkEcho(workload))
    case .lineEcho: serve(LineEcho())
    case .discard: serve(Discard())
    case .chat: serve(Chat(limits: chatLimits))
    case .eventEcho:
      workload.isEmpty
        ? serve(events: EventEcho()) : serve(events: SimulatedWorkEventEcho(workload))
    }
  }

  /// Default connection options for the handler; flags override them.
  var connectionDefaults: ConnectionOptions {
    var options = ConnectionOptions()
    options.keepAlive = Self.vanishedTimeout
    options.userTimeout = Self.vanishedTimeout
    switch self {
    // Members may be silent for hours.
    case .chat: options.idleTimeout = nil
    case .echo, .eventEcho, .lineEcho, .discard: options.firstByteTimeout = Self.firstByteTimeout
    case .greet: break
    }
    return options
  }

  /// For handlers whose clients send first.
  static let firstByteTimeout = Duration.seconds(30)

  /// Clients that have vanished without a word are detected by keepalive probes after this time, and by data
  /// that they do not acknowledge for this time, which keepalive does not cover (tcp(7)).
  static let vanishedTimeout = Duration.seconds(60)
}

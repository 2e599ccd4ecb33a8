// The handlers that `throng serve` offers.

import ArgumentParser
import Logging
import Throng
import ThrongHandlers

enum HandlerChoice: String, CaseIterable, ExpressibleByArgument {
  case greet, echo, discard
  case eventEcho = "event-echo"
  case lineEcho = "line-echo"

  func server(
    _ model: Model, _ configuration: Configuration, _ log: Logger
  ) -> Server {
    switch self {
    case .greet: Server(Greet(), model: model, configuration: configuration, log: log)
    case .echo: Server(Echo(), model: model, configuration: configuration, log: log)
    case .lineEcho: Server(LineEcho(), model: model, configuration: configuration, log: log)
    case .discard: Server(Discard(), model: model, configuration: configuration, log: log)
    case .eventEcho:
      Server(events: EventEcho(), model: model, configuration: configuration, log: log)
    }
  }
}

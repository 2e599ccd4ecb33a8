// The handlers that `throng serve` offers.

import ArgumentParser
import Logging
import Throng
import ThrongHandlers

enum HandlerChoice: String, CaseIterable, ExpressibleByArgument {
  case greet, echo, discard
  case eventEcho = "event-echo"
  case lineEcho = "line-echo"

  /// Those that do something for each message if they are told to.
  static let working = [echo, eventEcho]

  func server(
    _ workload: Workload, _ model: Model, _ configuration: Configuration, _ log: Logger
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
    case .eventEcho:
      workload.isEmpty ? serve(events: EventEcho()) : serve(events: WorkingEventEcho(workload))
    }
  }
}

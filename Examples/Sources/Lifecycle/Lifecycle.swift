// A server beside an application's other services, under swift-service-lifecycle: SIGTERM drains it.
// Run it:  swift run Lifecycle      Try it:  nc localhost 52003

import Foundation
import Logging
import ServiceLifecycle
import Throng
import ThrongServiceLifecycle

struct Clock: Handler {
  func handle(_ connection: Connection) async throws {
    while try await connection.receive(within: .seconds(60)) != nil {
      let seconds = Int(Date().timeIntervalSince1970)
      try await connection.send("\(seconds) seconds since 1970\n")
    }
  }
}

@main
enum Program {
  static func main() async {
    let log = Logger(label: "example")
    let server = Server(Clock(), configuration: Configuration(port: 52003), log: log)
    let group = ServiceGroup(
      services: [ServerService(server)], gracefulShutdownSignals: [.sigterm, .sigint], logger: log)
    do {
      try await group.run()
    } catch {
      log.error("\(error)")
      exit(1)
    }
  }
}

import ArgumentParser
import Throng
import ThrongHandlers

// A throw-away for the branch of the load generator.
struct Throwaway: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "throng", subcommands: [Bench.self, Serve.self])
}

struct Serve: ParsableCommand {
  @Argument var port: Int
  @Flag var tasks = false

  func run() throws {
    let configuration = Configuration(host: "127.0.0.1", port: port)
    let server =
      tasks
      ? Server(Echo(), configuration: configuration)
      : Server(events: EventEcho(), configuration: configuration)
    try server.run()
  }
}

Throwaway.main()

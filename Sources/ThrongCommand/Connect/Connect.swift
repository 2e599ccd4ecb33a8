// `throng connect`: the client, interactive or in a pipe, or the tutorial's loop.

import ArgumentParser
import Throng

struct Connect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Connects to a server: your input goes to it, its data to standard output.",
    discussion: """
      Ends when the server closes. At the end of its input it sends FIN and goes on receiving. \
      With --auto it is the tutorial's client: receives, prints, sends '\(AutomaticClient.message)', \
      again and again.
      """)

  @Argument(help: "The server's name or address.")
  var host = "localhost"

  @Argument(help: "Its port.", transform: NumberArgument.port)
  var port: Int = defaultPort

  @Option(help: ArgumentHelp("Connect to a Unix socket instead.", valueName: "path"))
  var unix: String?

  @Option(
    help: .value("duration", "How long to wait for each address.", default: "10s"),
    transform: TimeLimitArgument.init(parsing:))
  var timeout = TimeLimitArgument(.seconds(10))

  @Flag(help: "Talk by itself, as the tutorial's client does.")
  var auto = false

  @Option(
    help: .value("n", "Messages to send (--auto).", default: "without end"),
    transform: NumberArgument.positive)
  var count: Int?

  @Option(
    help: .value(
      "duration", "From one message to the next (--auto).", default: "1s"),
    transform: DurationArgument.init(parsing:))
  var interval: DurationArgument?

  func validate() throws {
    if count != nil || interval != nil, !auto {
      throw ValidationError("--count and --interval need --auto (add it, or leave them out)")
    }
  }

  func run() throws {
    let addresses = try resolve()
    let interruption = try Interruption()
    do {
      let socket = try ClientSocket.connect(
        to: addresses, named: place, within: timeout.duration, interruption)
      try converse(socket, interruption)
    } catch is Interruption.Signalled {
      // Ctrl-C is how a person ends a conversation: not an error.
    }
  }

  private func resolve() throws(Failure) -> [SocketAddress] {
    do {
      if let unix { return [try SocketAddress.unix(path: unix)] }
      return try SocketAddress.resolve(host: host, port: port)
    } catch {
      throw Failure("\(error)")
    }
  }

  private func converse(
    _ socket: borrowing ClientSocket, _ interruption: borrowing Interruption
  ) throws {
    if auto {
      var client = AutomaticClient(count: count, interval: interval?.duration ?? .seconds(1))
      try client.run(socket, interruption)
    } else {
      var relay = Relay()
      try relay.run(socket, interruption)
    }
  }

  /// The server as a person would name it in an error.
  private var place: String {
    unix ?? (host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)")
  }
}

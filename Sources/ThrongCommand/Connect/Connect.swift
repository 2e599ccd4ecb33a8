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

      On a terminal you type into a line of your own: what arrives is printed above it. The keys are \
      those of a shell: the arrows, Home, End, Ctrl-A -E -B -F, Alt-B -F to move, Ctrl-U -K -W -D to \
      remove and Ctrl-Y to bring back, Up and Down (Ctrl-P -N) for what you have sent, Ctrl-L for a \
      clean screen, Ctrl-Z to stop. Several lines that you paste are sent when you press Enter.

      Ctrl-D on an empty line ends your input; what the server still says is shown, and the status is \
      0. Ctrl-C empties the line; on an empty line it leaves at once, with status 130.

      Exit status: 0 when the server has closed, 1 for an error, 64 for bad usage, 128 and the number of \
      the signal that ended it (SIGINT 130, SIGTERM 143; 141 when the reader of its output has gone).
      """)

  @Argument(help: "The server's name or address.")
  var host = "localhost"

  @Argument(
    help: .value("port", "Its port.", default: "\(defaultPort)"), transform: NumberArgument.port)
  var port: Int = defaultPort

  @Option(help: ArgumentHelp("Connect to a Unix socket instead.", valueName: "path"))
  var unix: String?

  @Option(
    help: .value("duration", "How long to wait for each address.", default: "10s"),
    transform: TimeLimitArgument.init(parsing:))
  var timeout = TimeLimitArgument(.seconds(10))

  @Flag(help: "On a terminal, too, pass on what is typed as a pipe would; no line editor.")
  var plain = false

  @Option(
    help: .value(
      "n", "Lines that you can call back on a terminal.", default: History.standardLimit),
    transform: NumberArgument.positive)
  var history: Int?

  @Option(
    help: .value(
      "bytes", "The longest line that you can type or paste on a terminal.",
      default: LineBuffer.standardLimit),
    transform: SizeArgument.init(parsing:))
  var lineLimit: SizeArgument?

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
    if plain, auto { throw ValidationError("--auto types nothing (leave --plain out)") }
    if history != nil || lineLimit != nil, plain || auto {
      throw ValidationError(
        "--history and --line-limit are for typing (leave out \(auto ? "--auto" : "--plain"))")
    }
  }

  func run() throws {
    let addresses = try resolve()
    let interruption = try Interruption()
    do {
      let socket = try ClientSocket.connect(
        to: addresses, named: place, within: timeout.duration, interruption)
      try converse(socket, interruption)
    } catch let signalled as Interruption.Signalled {
      // Ctrl-C is how a person ends a conversation: no message.
      throw ExitCode(128 + signalled.signal)
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
    } else if !plain, let terminal = Terminal() {
      var conversation = Conversation(
        lineLimit: (lineLimit ?? LineBuffer.standardLimit).bytes,
        historyLimit: history ?? History.standardLimit)
      try conversation.run(on: terminal, socket, interruption)
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

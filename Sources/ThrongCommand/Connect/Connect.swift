// `throng connect`: the client, interactive or in a pipe, or the tutorial's loop.

import ArgumentParser
import LinuxSystem
import TerminalClient
import Throng
import ThrongLoad

struct Connect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Connect to a server: send standard input to it, print what it sends.",
    discussion: """
      Ends when the server closes the connection. At the end of standard input it sends FIN and \
      continues to receive. With --auto it receives, prints and sends '\(AutomaticClient.message)' \
      repeatedly.

      On a terminal you edit the input line; what arrives is printed above it. Keys as in a shell: \
      arrows, Home, End, Ctrl-A -E -B -F, Alt-B -F move; Ctrl-U -K -W -D delete, Ctrl-Y pastes back; \
      Up and Down (Ctrl-P -N) recall lines; Ctrl-L clears the screen; Ctrl-Z suspends. Pasted lines are \
      sent when you press Enter.

      Ctrl-D on an empty line ends your input (status 0 once the server has closed). Ctrl-C empties the \
      line; on an empty line it exits at once with status 130.

      Exit status: 0 when the server has closed, 1 for an error, 64 for bad usage, 128 + n after signal \
      n (SIGINT 130, SIGTERM 143; 141 when standard output is a closed pipe).
      """)

  @OptionGroup var address: ServerAddressArguments

  @Option(
    help: .value("duration", "Connect timeout for each address.", default: "10s"),
    transform: TimeLimitArgument.init(parsing:))
  var timeout = TimeLimitArgument(.seconds(10))

  @OptionGroup(title: "TLS") var tlsFlags: TLSClientFlags

  @Flag(help: "No line editor: pass typed lines on as from a pipe.")
  var plain = false

  @Option(
    help: .value(
      "n", "Number of lines that Up recalls.", default: LineHistory.standardLimit),
    transform: NumberArgument.positive)
  var history: Int?

  @Option(
    help: .value(
      "bytes", "Maximum length of a typed or pasted line.",
      default: SizeArgument(LineBuffer.standardLimit)),
    transform: SizeArgument.init(parsing:))
  var lineLimit: SizeArgument?

  @Flag(help: "Send messages automatically.")
  var auto = false

  @Option(
    help: .value("n", "Messages to send (--auto).", default: "no limit"),
    transform: NumberArgument.positive)
  var count: Int?

  @Option(
    help: .value(
      "duration", "Interval between messages (--auto).", default: "1s"),
    transform: DurationArgument.init(parsing:))
  var interval: DurationArgument?

  func validate() throws {
    if count != nil || interval != nil, !auto {
      throw ValidationError("--count and --interval require --auto (add it, or leave them out)")
    }
    if plain, auto { throw ValidationError("--plain cannot be combined with --auto") }
    if history != nil || lineLimit != nil, plain || auto {
      throw ValidationError(
        "--history and --line-limit are for the line editor (leave out \(auto ? "--auto" : "--plain"))"
      )
    }
  }

  func run() throws {
    let server = try address.target() ?? .tcp(host: "localhost", port: defaultPort)
    let makeSession = try sessions(for: server)
    let addresses = try resolve(server)
    let poller = try Poller()
    do {
      let socket = try ClientSocket.connect(
        to: addresses, named: "\(server)", within: timeout.duration, secured: makeSession, poller)
      try run(socket, poller)
    } catch let interrupted as Poller.Interrupted {
      // Ctrl-C is how a user ends a session: no message.
      throw ExitCode(128 + interrupted.signal)
    }
  }

  /// What makes a TLS session; nil without TLS.
  private func sessions(for server: ServerAddress) throws -> (
    () throws(SecurityFailure) -> any SecureSession
  )? {
    var name: String?
    switch server {
    case .tcp(let host, _): name = host
    case .unix:
      if tlsFlags.tls, tlsFlags.tlsName == nil, !tlsFlags.tlsInsecure {
        throw ValidationError("--tls with --unix requires --tls-name (a path is in no certificate)")
      }
    }
    guard let context = try tlsFlags.security()?.context else { return nil }
    return { () throws(SecurityFailure) in try context.makeSession(serverName: name) }
  }

  private func resolve(_ server: ServerAddress) throws(Failure) -> [SocketAddress] {
    do {
      switch server {
      case .unix(let path): return [try SocketAddress.unix(path: path)]
      case .tcp(let host, let port): return try SocketAddress.resolve(host: host, port: port)
      }
    } catch {
      throw Failure("\(error)")
    }
  }

  private func run(_ socket: borrowing ClientSocket, _ poller: borrowing Poller) throws {
    if auto {
      var client = AutomaticClient(count: count, interval: interval?.duration ?? .seconds(1))
      try client.run(socket, poller)
    } else if !plain, Terminal.isUsable {
      var client = InteractiveClient(
        on: try Terminal(), lineLimit: lineLimit?.bytes ?? LineBuffer.standardLimit,
        historyLimit: history ?? LineHistory.standardLimit)
      if try !client.run(socket, poller) {
        StandardError.write("throng: the server has closed the connection")
      }
    } else {
      var client = PipeClient()
      try client.run(socket, poller)
    }
  }
}

// Flags for serving clients with programs instead of a handler.

import ArgumentParser
import Throng
import ThrongExec

struct ExecFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Serve each client with a program whose standard input and output are the client's socket, or \
      pipes where there is TLS. Words are separated by spaces; no shell is involved.
      """, valueName: "command"))
  var exec: String?

  @Option(help: ArgumentHelp("The same with a script for /bin/sh.", valueName: "script"))
  var execShell: String?

  @Option(
    help: .value(
      "n", "Maximum programs at once; further clients wait.", default: Self.maximumChildren),
    transform: NumberArgument.positive)
  var maxChildren: Int?

  /// A program costs more than a connection.
  private static let maximumChildren = 64

  func validate() throws {
    if exec != nil, execShell != nil {
      throw ValidationError("--exec and --exec-shell exclude each other (leave one of them out)")
    }
    if exec == nil, execShell == nil, maxChildren != nil {
      throw ValidationError("--max-children requires --exec or --exec-shell")
    }
    if exec != nil, command == nil {
      throw ValidationError("--exec names no program (give a program and its arguments)")
    }
  }

  /// What serves the clients; nil: the handler.
  var command: ExecCommand? {
    exec.flatMap { ExecCommand(words: $0) } ?? execShell.map { ExecCommand(shell: $0) }
  }

  var childLimit: Int { maxChildren ?? Self.maximumChildren }

  /// The flag that chooses a program, for messages.
  var flag: String { exec == nil ? "--exec-shell" : "--exec" }

  /// Connection options for programs: their traffic does not pass through the server, so silence is not
  /// seen; keepalive detects clients that have vanished.
  static var connectionDefaults: ConnectionOptions {
    var options = ConnectionOptions()
    options.idleTimeout = nil
    options.keepAlive = .seconds(60)
    return options
  }

  func apply(to configuration: inout Configuration) {
    guard command != nil else { return }
    configuration.maximumConnections = min(configuration.maximumConnections, childLimit)
  }
}

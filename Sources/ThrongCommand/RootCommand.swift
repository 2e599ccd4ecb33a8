// The command `throng`: its subcommands, and how each failure becomes one sentence and an exit status.

import ArgumentParser
import Glibc
import TerminalClient

@main
struct RootCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "throng",
    abstract:
      "A TCP server for thousands of clients, a client, a load generator, and a comparison of models.",
    version: "0.1.0",
    subcommands: [Serve.self, Connect.self, Bench.self, Compare.self])

  static func main() {
    StandardDescriptors.prepare()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let failure as TerminalClientError {
      StandardError.reportFailure(FlagNames.inserted(in: "\(failure)"))
      Glibc.exit(EXIT_FAILURE)
    } catch let failure as Failure {
      StandardError.reportFailure("\(failure)")
      Glibc.exit(EXIT_FAILURE)
    } catch {
      end(with: error)
    }
  }

  /// Help and versions go to standard output and are a success; the rest is bad usage.
  private static func end(with error: any Error) -> Never {
    guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
    let message = message(for: error)
    let sentence = unknownCommand ?? message.prefix(1).lowercased() + message.dropFirst()
    let hint = message.hasSuffix(")") ? "" : " (see '\(helpCommand)')"
    StandardError.reportFailure("\(sentence)\(hint)")
    Glibc.exit(exitCode(for: error).rawValue)
  }

  private static var commandNames: [String] { configuration.subcommands.map { $0._commandName } }

  /// What to say of a first word that is similar to a subcommand and none.
  private static var unknownCommand: String? {
    guard let given = CommandLine.arguments.dropFirst().first, !commandNames.contains(given),
      let similar = Suggestion.word(for: given, among: commandNames)
    else { return nil }
    return "unknown subcommand '\(given)'. Did you mean '\(similar)'?"
  }

  private static var helpCommand: String {
    let given = CommandLine.arguments.dropFirst().first { commandNames.contains($0) }
    return given.map { "throng \($0) --help" } ?? "throng --help"
  }
}

/// An error at run time: one sentence with its remedy. The process ends with status 1.
struct Failure: Error, Equatable, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

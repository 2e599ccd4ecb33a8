// The built command: found beside the tests, or where THRONG_COMMAND says.

import Foundation

package enum ThrongProgram {
  package static let path: String = {
    if let given = ProcessInfo.processInfo.environment["THRONG_COMMAND"] { return given }
    return Bundle.main.executableURL?.deletingLastPathComponent().appending(path: "throng").path
      ?? "throng"
  }()

  /// The release build, which alone says what a message costs: `make test` builds it and says where.
  package static let releasePath = ProcessInfo.processInfo.environment["THRONG_RELEASE"]

  /// Runs the command to its end.
  package static func run(
    _ arguments: [String], input: Data = Data()
  ) throws -> (end: Program.End, output: String, errors: String) {
    let program = try Program(path, arguments, input: input)
    defer { program.kill() }
    let end = try program.waitForEnd()
    return (end, program.output.text, program.errors.text)
  }
}

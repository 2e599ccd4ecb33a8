// The built command: found beside the tests, or where THRONG_COMMAND says.

import Foundation
import Testing

enum ThrongProgram {
  static let path: String = {
    if let given = ProcessInfo.processInfo.environment["THRONG_COMMAND"] { return given }
    return Bundle.main.executableURL?.deletingLastPathComponent().appending(path: "throng").path
      ?? "throng"
  }()

  /// The release build, which alone says what a message costs: `make test` builds it and says where.
  static let releasePath = ProcessInfo.processInfo.environment["THRONG_RELEASE"]

  /// Runs the command to its end.
  static func run(
    _ arguments: [String], input: Data = Data()
  ) throws -> (end: Program.End, output: String, errors: String) {
    let program = try Program(path, arguments, input: input)
    defer { program.kill() }
    let end = try program.waitForEnd()
    return (end, program.output.text, program.errors.text)
  }
}

/// A running `throng serve` on a free port of 127.0.0.1.
struct ServeProgram {
  let program: Program
  let port: String

  /// Serves while the body runs.
  /// - Parameter prefix: a shell command that comes before, such as `ulimit -n 64;`.
  /// - Parameter wrapper: a program that runs the server, such as `strace -D`.
  static func run(
    _ flags: [String], prefix: String = "", wrapper: String = "",
    path: String = ThrongProgram.path, output: Reading = .gathered, errors: Reading = .gathered,
    _ body: (ServeProgram) throws -> Void
  ) throws {
    let script = "\(prefix) exec \(wrapper) \"$0\" serve --host 127.0.0.1 --port 0 \"$@\""
    let program = try Program(
      "/bin/sh", ["-c", script, path] + flags, output: output, errors: errors)
    defer { program.kill() }
    let line = try program.errors.wait(for: "listening on 127.0.0.1:")
    let address = try #require(line.split(separator: " ").dropFirst(2).first)
    let port = try #require(address.split(separator: ":").last)
    try body(ServeProgram(program: program, port: String(port)))
  }

  /// What a client that sends the text and then FIN receives.
  func netcat(_ text: String) throws -> String {
    let received = try Program.run("nc", ["-N", "127.0.0.1", port], input: Data(text.utf8))
    return String(decoding: received, as: UTF8.self)
  }
}

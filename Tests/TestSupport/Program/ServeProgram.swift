// The built command as a server, on a free port.

import Foundation

/// The flags of each model.
package let everyModel = [
  [], ["--loops", "2"], ["--mode", "thread-pool"], ["--mode", "thread-per-client"],
]

/// A running `throng serve` on a free port of 127.0.0.1.
package struct ServeProgram {
  package let program: Program
  package let port: String

  /// Serves while the body runs.
  /// - Parameter prefix: a shell command that comes before, such as `ulimit -n 64;`.
  /// - Parameter wrapper: a program that runs the server, such as `strace -D`.
  package static func run(
    _ flags: [String], prefix: String = "", wrapper: String = "",
    path: String = ThrongProgram.path, output: Reading = .gathered, errors: Reading = .gathered,
    _ body: (ServeProgram) throws -> Void
  ) throws {
    let script = "\(prefix) exec \(wrapper) \"$0\" serve --host 127.0.0.1 --port 0 \"$@\""
    let program = try Program(
      "/bin/sh", ["-c", script, path] + flags, output: output, errors: errors)
    defer { program.kill() }
    let line = try program.errors.wait(for: "listening on 127.0.0.1:")
    let address = line.split(separator: " ").dropFirst(2).first
    guard let port = address?.split(separator: ":").last else {
      throw TestFailure("no port in '\(line)'")
    }
    try body(ServeProgram(program: program, port: String(port)))
  }

  /// What a client that sends the text and then FIN receives.
  package func netcat(_ text: String) throws -> String {
    let received = try Program.run("nc", ["-N", "127.0.0.1", port], input: Data(text.utf8))
    return String(decoding: received, as: UTF8.self)
  }
}

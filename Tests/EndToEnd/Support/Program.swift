// A program as a subprocess: started, watched, waited for with a deadline, and always cleaned up.

import Foundation
import Testing

/// A running program whose output is gathered as it comes. Waiting for something that does not come
/// within ``patience`` fails the test with what did come.
final class Program: @unchecked Sendable {
  // Invariant behind @unchecked: `process` is constant and what varies is in the `Gathering`s.

  /// How a program has ended.
  enum End: Equatable { case status(Int32), signal(Int32) }

  static let patience: TimeInterval = 20

  let output: Gathering
  let errors: Gathering
  private let process = Process()
  private let input = Pipe()
  private let ended = DispatchSemaphore(value: 0)

  /// - Parameter text: standard input. Nil leaves it open until ``closeInput()``.
  /// - Parameter readsOutput: false closes the reading end of its standard output at once.
  init(
    _ path: String, _ arguments: [String], input text: Data? = nil, readsOutput: Bool = true
  ) throws {
    _ = Self.ignoresBrokenPipes
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.standardInput = input
    let (outputPipe, errorPipe) = (Pipe(), Pipe())
    process.standardOutput = outputPipe
    process.standardError = errorPipe
    process.terminationHandler = { [ended] _ in ended.signal() }
    if !readsOutput { try outputPipe.fileHandleForReading.close() }
    output = Gathering(readsOutput ? outputPipe : nil)
    errors = Gathering(errorPipe)
    try process.run()
    if let text {
      let handle = input.fileHandleForWriting
      Thread.detachNewThread {
        try? handle.write(contentsOf: text)
        try? handle.close()
      }
    }
  }

  /// Runs a program found on the path to its end.
  /// - Returns: its standard output.
  static func run(_ name: String, _ arguments: [String], input: Data = Data()) throws -> Data {
    let program = try Program("/usr/bin/env", [name] + arguments, input: input)
    defer { program.kill() }
    #expect(try program.waitForEnd() == .status(0), "\(name): \(program.errors.text)")
    return program.output.data
  }

  var processIdentifier: Int32 { process.processIdentifier }

  func write(_ text: String) { try? input.fileHandleForWriting.write(contentsOf: Data(text.utf8)) }

  func closeInput() { try? input.fileHandleForWriting.close() }

  func send(_ signal: Int32) { Foundation.kill(process.processIdentifier, signal) }

  /// Waits for the end of the program and of its output.
  func waitForEnd() throws -> End {
    guard ended.wait(timeout: .now() + Self.patience) == .success else {
      throw Impatience("the program did not end; it wrote: \(errors.text)")
    }
    ended.signal()
    try output.waitForEnd()
    try errors.waitForEnd()
    return process.terminationReason == .exit
      ? .status(process.terminationStatus) : .signal(process.terminationStatus)
  }

  /// Leaves nothing behind.
  func kill() {
    closeInput()
    if process.isRunning { send(SIGKILL) }
    _ = ended.wait(timeout: .now() + Self.patience)
    ended.signal()
  }

  /// Programs end before they have read their input; that must not end the tests.
  private static let ignoresBrokenPipes: Bool = {
    signal(SIGPIPE, SIG_IGN)
    return true
  }()
}

/// A condition that did not come true in time.
struct Impatience: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

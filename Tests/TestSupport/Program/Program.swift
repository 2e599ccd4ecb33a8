// A program as a subprocess: started, watched, waited for with a deadline, and always cleaned up.

import Foundation

/// A running program whose output is gathered as it comes. Waiting for something that does not come
/// within ``patience`` fails the test with what did come.
///
/// Not Foundation's `Process`: in Swift 6.3 its `run` reads beyond a directory entry and crashes now and
/// then (swift-corelibs-foundation, pull request 5472), and programs that it starts inherit the blocked
/// signals of Dispatch's threads.
package final class Program: @unchecked Sendable {
  // Invariant behind @unchecked: what varies is in the `ProgramOutput`s, and `end`, which is written before
  // `ended` is signalled and read after it.

  /// How a program has ended.
  package enum End: Equatable { case status(Int32), signal(Int32) }

  package static let patience: TimeInterval = 120

  package let output: ProgramOutput
  package let errors: ProgramOutput
  package let identifier: pid_t
  private var end = End.status(0)
  private let input: Pipe
  private let ended = DispatchSemaphore(value: 0)

  /// - Parameter text: standard input. Nil leaves it open until ``closeInput()``.
  package init(
    _ path: String, _ arguments: [String], input text: Data? = nil, output: Reading = .gathered,
    errors: Reading = .gathered
  ) throws {
    _ = Self.ignoresBrokenPipes
    let pipes: [Pipe]
    (pipes, identifier) = try Self.starting.withLock {
      let pipes = (0..<3).map { _ in Self.privatePipe() }
      let given = [
        pipes[0].fileHandleForReading, pipes[1].fileHandleForWriting, pipes[2].fileHandleForWriting,
      ]
      let identifier = try Self.spawn(path, arguments, given.map(\.fileDescriptor))
      for handle in given { try handle.close() }
      return (pipes, identifier)
    }
    input = pipes[0]
    self.output = try ProgramOutput(pipes[1], output)
    self.errors = try ProgramOutput(pipes[2], errors)
    Thread.detachNewThread { [self] in
      end = Self.waitForEnd(of: identifier)
      ended.signal()
    }
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
  package static func run(_ name: String, _ arguments: [String], input: Data = Data()) throws
    -> Data
  {
    let program = try Program("/usr/bin/env", [name] + arguments, input: input)
    defer { program.kill() }
    let end = try program.waitForEnd()
    try check(end == .status(0), "\(name) ended with \(end): \(program.errors.text)")
    return program.output.data
  }

  package func write(_ text: String) {
    try? input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
  }

  package func closeInput() { try? input.fileHandleForWriting.close() }

  /// Does nothing when the program has ended: its number may be another's.
  package func send(_ signal: Int32) {
    if hasEnded(within: 0) { return }
    Foundation.kill(identifier, signal)
  }

  /// Waits for the end of the program and of its output.
  package func waitForEnd() throws -> End {
    guard hasEnded(within: Self.patience) else {
      throw TestFailure("the program did not end; it wrote: \(errors.text)")
    }
    for stream in [output, errors] {
      stream.resume()
      try stream.waitForEnd()
    }
    return end
  }

  /// Waits for the end of the program; others may still have its output.
  package func waitForEndOfProcess() throws -> End {
    guard hasEnded(within: Self.patience) else {
      throw TestFailure("the program did not end; it wrote: \(errors.text)")
    }
    return end
  }

  /// Leaves nothing behind.
  package func kill() {
    closeInput()
    send(SIGKILL)
    _ = hasEnded(within: Self.patience)
    output.resume()
    errors.resume()
  }

  private func hasEnded(within time: TimeInterval) -> Bool {
    guard ended.wait(timeout: .now() + time) == .success else { return false }
    ended.signal()
    return true
  }

  // MARK: Starting and ending (posix_spawn(3), waitpid(2))

  /// One at a time, so that no program inherits the pipes of another, which would not end then.
  private static let starting = NSLock()

  private static func privatePipe() -> Pipe {
    let pipe = Pipe()
    for handle in [pipe.fileHandleForReading, pipe.fileHandleForWriting] {
      _ = fcntl(handle.fileDescriptor, F_SETFD, FD_CLOEXEC)
    }
    return pipe
  }

  /// - Parameter descriptors: its standard input, output and error.
  private static func spawn(
    _ path: String, _ arguments: [String], _ descriptors: [Int32]
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (standard, descriptor) in descriptors.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(standard))
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    // The tests ignore SIGPIPE, and under nohup(1) SIGHUP; both would be inherited.
    var defaults = sigset_t()
    sigemptyset(&defaults)
    sigaddset(&defaults, SIGPIPE)
    sigaddset(&defaults, SIGHUP)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let texts = ([path] + arguments).map { strdup($0) }
    defer { texts.forEach { free($0) } }
    var identifier: pid_t = 0
    let error = posix_spawn(&identifier, path, &actions, &attributes, texts + [nil], environ)
    guard error == 0 else {
      throw TestFailure("cannot start \(path): \(String(cString: strerror(error)))")
    }
    return identifier
  }

  private static func waitForEnd(of identifier: pid_t) -> End {
    var status: Int32 = 0
    while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7f
    return signal == 0 ? .status(status >> 8 & 0xff) : .signal(signal)
  }

  /// Programs end before they have read their input; that must not end the tests.
  private static let ignoresBrokenPipes: Bool = {
    signal(SIGPIPE, SIG_IGN)
    return true
  }()
}

/// A path for a file or a socket that the test makes and removes.
package func temporaryPath() -> String {
  FileManager.default.temporaryDirectory.appending(path: "throng-\(UUID().uuidString).sock").path
}

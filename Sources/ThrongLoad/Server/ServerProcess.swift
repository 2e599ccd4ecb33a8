// A server started by the benchmark. It has its own process group, so
// that Ctrl-C reaches the generator only, and the whole group is stopped, because the command may
// be a shell.
// Owned by the coordinating thread.

import Glibc
import LinuxSystem
import SystemPackage
import Throng

final class ServerProcess {
  let pid: Int
  let address: SocketAddress
  private let command: ServerCommand
  /// Time between SIGTERM and SIGKILL, in nanoseconds.
  var stopTime: UInt64 = 3_000_000_000
  private var isStopped = false

  private static let killTime: UInt64 = 1_000_000_000

  /// Starts the command with `{port}` replaced by its port, and waits until it listens or a stop is
  /// requested.
  init(_ command: ServerCommand, stopRequest: StopRequest) throws(LoadError) {
    var port = 0
    switch command.target {
    case .tcp(_, let given): port = given
    case .unix: break
    case nil:
      guard command.line.contains("{port}") else { throw .command(.noPort) }
      guard let free = SocketAddress.freeLoopbackPort else { throw .noFreePort }
      port = free
    }
    let address = try (command.target ?? .tcp(host: "127.0.0.1", port: port)).resolve()
    let words = try CommandLineText.split(command.line).map {
      $0.replacing("{port}", with: "\(port)")
    }
    guard !words.isEmpty else { throw .command(.empty) }
    // The command could not listen there, and the other server would be measured instead.
    if address.answers { throw .command(.addressInUse(address)) }
    self.address = address
    self.command = command
    do throws(ServerCommandError) {
      pid = try Self.pinned(to: command.processors) { () throws(ServerCommandError) in
        try Self.spawn(words)
      }
    } catch {
      throw .command(error)
    }
    do throws(ServerCommandError) {
      try waitUntilListening(stopRequest)
    } catch {
      throw .command(error)
    }
  }

  deinit { stop() }

  /// Sends SIGTERM to the process group, and SIGKILL to processes that do not end within three
  /// seconds.
  func stop() {
    guard !isStopped else { return }
    isStopped = true
    kill(-pid_t(pid), SIGTERM)
    waitForGroup(stopTime)
    // The command has not been waited for, so its group id cannot have been reused.
    kill(-pid_t(pid), SIGKILL)
    waitForGroup(Self.killTime)
    var status: CInt = 0
    waitpid(pid_t(pid), &status, 0)
  }

  private func waitForGroup(_ limit: UInt64) {
    let deadline = LoadThreadState.clock + limit
    while ProcessGroup.isAlive(pid), LoadThreadState.clock < deadline {
      Poll.pause(milliseconds: 5)
    }
  }

  // MARK: Starting

  private func waitUntilListening(_ stopRequest: StopRequest) throws(ServerCommandError) {
    let deadline = LoadThreadState.clock + UInt64(command.startTimeout.nanoseconds)
    while !address.answers {
      if let end { throw .ended(end, address: address, command: command.line) }
      if stopRequest.wait(until: LoadThreadState.clock + 10_000_000) { return }
      if LoadThreadState.clock > deadline {
        throw .silent(address, after: command.startTimeout, command: command.line)
      }
    }
    if let end { throw .replaced(end, address: address, command: command.line) }
  }

  /// How the command ended; nil while it runs. Does not reap it.
  private var end: ProcessEnd? {
    var info = siginfo_t()
    let options = WEXITED | WNOHANG | WNOWAIT
    guard waitid(P_PID, id_t(pid), &info, options) == 0, info._sifields._sigchld.si_pid != 0 else {
      return nil
    }
    let status = Int(info._sifields._sigchld.si_status)
    return info.si_code == CLD_EXITED ? .exited(status) : .killed(signal: status)
  }

  /// Runs `body` pinned to processors; processes that it starts inherit them.
  private static func pinned(
    to processors: [Int]?, _ body: () throws(ServerCommandError) -> Int
  ) throws(ServerCommandError) -> Int {
    guard let processors else { return try body() }
    let before = Processors.ofThisThread
    guard Processors.restrict(to: processors) else { throw .noSuchProcessors(processors) }
    defer { _ = Processors.restrict(to: before) }
    return try body()
  }

  private static func spawn(_ words: [String]) throws(ServerCommandError) -> Int {
    do {
      // Its standard output would mix with the results.
      return Int(try Spawn.start(words, output: .null, errors: .inherited))
    } catch {
      throw .cannotStart(program: words[0], error)
    }
  }
}

/// Splits a command line at spaces outside quotes.
package enum CommandLineText {
  package static func split(_ text: String) throws(LoadError) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    for character in text {
      if let open = quote {
        if character == open { quote = nil } else { word?.append(character) }
      } else if character == "'" || character == "\"" {
        quote = character
        word = word ?? ""
      } else if character == " " || character == "\t" || character == "\n" {
        if let whole = word { words.append(whole) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    if quote != nil { throw .command(.unterminatedQuote(command: text)) }
    if let whole = word { words.append(whole) }
    return words
  }
}

extension ServerAddress {
  /// First address that the target resolves to.
  func resolve() throws(LoadError) -> SocketAddress {
    do throws(AddressError) {
      switch self {
      case .unix(let path): return try SocketAddress.unix(path: path)
      case .tcp(let host, let port): return try SocketAddress.resolve(host: host, port: port)[0]
      }
    } catch {
      throw .unresolved(error)
    }
  }
}

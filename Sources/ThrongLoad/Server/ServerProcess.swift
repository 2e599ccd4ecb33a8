// A server started by the benchmark: `--server 'COMMAND {port}'`. It has its own process group, so
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
  private let command: String
  /// Time between SIGTERM and SIGKILL, in nanoseconds.
  var stopTime: UInt64 = 3_000_000_000
  private var isStopped = false

  private static let killTime: UInt64 = 1_000_000_000

  /// Starts the command with `{port}` replaced by a free port, and waits until it listens or a stop
  /// is requested.
  /// - Parameter target: its address; nil: the free port on 127.0.0.1.
  init(
    _ command: String, cpus: [Int]?, target: LoadTarget?, startTimeout: Duration,
    stopRequest: StopRequest
  ) throws(LoadError) {
    var port = try Self.freePort()
    if case .tcp(_, let given) = target { port = given }
    let address = try (target ?? .tcp(host: "127.0.0.1", port: port)).resolve()
    var words: [String] = []
    for word in try CommandLineText.split(command) {
      words.append(
        word.split(separator: "{port}", omittingEmptySubsequences: false)
          .joined(separator: "\(port)"))
    }
    guard !words.isEmpty else { throw .server("--server command is empty") }
    // The command could not listen there, and the other server would be measured instead.
    if address.answers {
      throw .server(
        "address \(address) is already in use (stop the other server, or choose another port)")
    }
    self.address = address
    self.command = command
    pid = try Self.pinned(to: cpus) { () throws(LoadError) in try Self.spawn(words) }
    try waitUntilListening(startTimeout, stopRequest)
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

  private func waitUntilListening(
    _ limit: Duration, _ stopRequest: StopRequest
  ) throws(LoadError) {
    let deadline = LoadThreadState.clock + UInt64(limit.nanoseconds)
    while !address.answers {
      if let text = exitText() {
        throw .server("server command \(text) before it listened on \(address): \(command)")
      }
      if stopRequest.wait(until: LoadThreadState.clock + 10_000_000) { return }
      if LoadThreadState.clock > deadline {
        throw .server(
          """
          server command does not listen on \(address) after \
          \(Decimals.format(limit / .seconds(1))) s \
          (check that it uses {port}; if it listens elsewhere, give HOST:PORT or --unix): \(command)
          """)
      }
    }
    if let text = exitText() {
      throw .server(
        "server command \(text), and another process listens on \(address): \(command)")
    }
  }

  /// How the command ended; nil while it runs. Does not reap it.
  private func exitText() -> String? {
    var info = siginfo_t()
    let options = WEXITED | WNOHANG | WNOWAIT
    guard waitid(P_PID, id_t(pid), &info, options) == 0, info._sifields._sigchld.si_pid != 0 else {
      return nil
    }
    let status = info._sifields._sigchld.si_status
    return info.si_code == CLD_EXITED
      ? "exited with status \(status)" : "was killed by signal \(status)"
  }

  private static func freePort() throws(LoadError) -> Int {
    guard let port = SocketAddress.freeLoopbackPort else {
      throw .system(
        "no free port on 127.0.0.1 (wait until closed connections have expired)")
    }
    return port
  }

  /// Runs `body` pinned to processors; processes that it starts inherit them.
  private static func pinned(
    to cpus: [Int]?, _ body: () throws(LoadError) -> Int
  ) throws(LoadError) -> Int {
    guard let cpus else { return try body() }
    let before = Processors.ofThisThread
    guard Processors.restrict(to: cpus) else {
      throw .server(
        "none of the given processors exists: \(Processors.text(Set(cpus)))"
          + " (--server-cpus takes a list such as 0,2-3)")
    }
    defer { _ = Processors.restrict(to: before) }
    return try body()
  }

  private static func spawn(_ words: [String]) throws(LoadError) -> Int {
    do {
      // Its standard output would mix with the results.
      return Int(try Spawn.start(words, output: .null, errors: .inherited))
    } catch {
      throw .server("cannot start '\(words[0])': \(error) (check the command)")
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
    if quote != nil { throw .server("unterminated quote in the server command: \(text)") }
    if let whole = word { words.append(whole) }
    return words
  }
}

extension LoadTarget {
  /// First address that the target resolves to.
  func resolve() throws(LoadError) -> SocketAddress {
    do {
      switch self {
      case .unix(let path): return try SocketAddress.unix(path: path)
      case .tcp(let host, let port): return try SocketAddress.resolve(host: host, port: port)[0]
      }
    } catch {
      throw .cannotResolve("\(error)")
    }
  }
}

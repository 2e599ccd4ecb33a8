// A server that the run starts: `--server 'COMMAND {port}'`. In a process group of its own, so that
// Ctrl-C reaches the generator alone; stopped by its process id.

import CEpollShim
import Glibc
import SystemPackage
import Throng

final class ServerProcess {
  let pid: Int
  let address: SocketAddress
  private let command: String
  private var hasEnded = false

  private static let stopTime: UInt64 = 3_000_000_000

  /// Starts the command, with `{port}` replaced by a free one, and waits until it listens.
  /// - Parameter target: where it will listen; nil: on the free port of 127.0.0.1.
  init(
    _ command: String, cpus: [Int]?, target: LoadTarget?, startTimeout: Duration, watch: RunWatch
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
    guard !words.isEmpty else { throw .server("the server command is empty") }
    self.address = address
    self.command = command
    pid = try Self.pinned(to: cpus) { () throws(LoadError) in try Self.spawn(words) }
    try waitUntilListening(startTimeout, watch)
  }

  deinit { stop() }

  /// SIGTERM, and SIGKILL for one that does not end within three seconds.
  func stop() {
    guard !hasEnded else { return }
    kill(pid_t(pid), SIGTERM)
    let deadline = TrialWorker.clock + Self.stopTime
    while exitText() == nil, TrialWorker.clock < deadline { _ = shim_poll_readable(-1, -1, 5) }
    guard !hasEnded else { return }
    kill(pid_t(pid), SIGKILL)
    var status: CInt = 0
    waitpid(pid_t(pid), &status, 0)
    hasEnded = true
  }

  // MARK: Starting

  private func waitUntilListening(
    _ patience: Duration, _ watch: RunWatch
  ) throws(LoadError) {
    let deadline = TrialWorker.clock + UInt64(patience.nanoseconds)
    while !Self.isListening(address) {
      if let text = exitText() {
        throw .server("the server command \(text) before it listened on \(address): \(command)")
      }
      if TrialWorker.clock > deadline || watch.wait(until: TrialWorker.clock + 10_000_000) {
        throw .server(
          """
          the server command does not listen on \(address) after \
          \(Decimals.format(patience / .seconds(1))) s \
          (does it use {port}? give HOST:PORT or --unix where it listens elsewhere): \(command)
          """)
      }
    }
  }

  private static func isListening(_ address: SocketAddress) -> Bool { address.answers }

  /// How the process has ended; nil while it runs.
  private func exitText() -> String? {
    var status: CInt = 0
    guard !hasEnded, waitpid(pid_t(pid), &status, WNOHANG) == pid_t(pid) else { return nil }
    hasEnded = true
    let signal = status & 0x7f
    return signal == 0
      ? "ended with status \(status >> 8 & 0xff)" : "was ended by signal \(signal)"
  }

  private static func freePort() throws(LoadError) -> Int {
    guard let port = SocketAddress.freeLoopbackPort else {
      throw .system(
        "there is no free port on 127.0.0.1 (wait until closed connections have expired)")
    }
    return port
  }

  /// Runs `body` on the given processors: what it starts stays there.
  private static func pinned(
    to cpus: [Int]?, _ body: () throws(LoadError) -> Int
  ) throws(LoadError) -> Int {
    guard let cpus else { return try body() }
    let before = Processors.ofThisThread
    guard Processors.restrict(to: cpus) else {
      throw .server(
        "this machine has none of the processors \(Processors.text(Set(cpus)))"
          + " (--server-cpus takes a list such as 0,2-3)")
    }
    defer { _ = Processors.restrict(to: before) }
    return try body()
  }

  private static func spawn(_ words: [String]) throws(LoadError) -> Int {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // Its standard output would end up among the results.
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGMASK))
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var pid = pid_t()
    let result = posix_spawnp(&pid, words[0], &actions, &attributes, arguments, Glibc.environ)
    guard result == 0 else {
      throw .server("cannot start '\(words[0])': \(Errno(rawValue: result)) (check the command)")
    }
    return Int(pid)
  }
}

/// Words of a command: split at spaces, which quotes protect.
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
    if quote != nil { throw .server("a quote is not closed in the server command: \(text)") }
    if let whole = word { words.append(whole) }
    return words
  }
}

extension LoadTarget {
  /// The first address of the target.
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

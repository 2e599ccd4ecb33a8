// A server that the run starts: `--server 'COMMAND {port}'`. In a process group of its own, so that
// Ctrl-C reaches the generator alone; stopped with all of that group, because the command may be a shell
// whose child is the server.

import CEpollShim
import Glibc
import SystemPackage
import Throng

final class ServerProcess {
  let pid: Int
  let address: SocketAddress
  private let command: String
  /// How long those of the group may take to end before they are killed, in nanoseconds.
  var stopTime: UInt64 = 3_000_000_000
  private var isStopped = false

  private static let killTime: UInt64 = 1_000_000_000

  /// Starts the command, with `{port}` replaced by a free one, and waits until it listens or the run is
  /// to stop.
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
    // The command could not listen there, and the other server would be measured in its place.
    if address.answers {
      throw .server("something listens on \(address) already (stop it, or take another port)")
    }
    self.address = address
    self.command = command
    pid = try Self.pinned(to: cpus) { () throws(LoadError) in try Self.spawn(words) }
    try waitUntilListening(startTimeout, watch)
  }

  deinit { stop() }

  /// SIGTERM to the whole group, and SIGKILL to those that do not end within three seconds.
  func stop() {
    guard !isStopped else { return }
    isStopped = true
    kill(-pid_t(pid), SIGTERM)
    waitForGroup(stopTime)
    // The command itself has not been waited for yet: so long the group's number is not another's.
    kill(-pid_t(pid), SIGKILL)
    waitForGroup(Self.killTime)
    var status: CInt = 0
    waitpid(pid_t(pid), &status, 0)
  }

  private func waitForGroup(_ patience: UInt64) {
    let deadline = TrialWorker.clock + patience
    while ProcessGroup.isAlive(pid), TrialWorker.clock < deadline {
      _ = shim_poll_readable(-1, -1, 5)
    }
  }

  // MARK: Starting

  private func waitUntilListening(
    _ patience: Duration, _ watch: RunWatch
  ) throws(LoadError) {
    let deadline = TrialWorker.clock + UInt64(patience.nanoseconds)
    while !address.answers {
      if let text = exitText() {
        throw .server("the server command \(text) before it listened on \(address): \(command)")
      }
      if watch.wait(until: TrialWorker.clock + 10_000_000) { return }
      if TrialWorker.clock > deadline {
        throw .server(
          """
          the server command does not listen on \(address) after \
          \(Decimals.format(patience / .seconds(1))) s \
          (does it use {port}? give HOST:PORT or --unix where it listens elsewhere): \(command)
          """)
      }
    }
    if let text = exitText() {
      throw .server(
        "the server command \(text), and something else listens on \(address): \(command)")
    }
  }

  /// How the command itself has ended; nil while it runs. It is not waited for.
  private func exitText() -> String? {
    var info = siginfo_t()
    let options = WEXITED | WNOHANG | WNOWAIT
    guard waitid(P_PID, id_t(pid), &info, options) == 0, info._sifields._sigchld.si_pid != 0 else {
      return nil
    }
    let status = info._sifields._sigchld.si_status
    return info.si_code == CLD_EXITED
      ? "ended with status \(status)" : "was ended by signal \(status)"
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
    // This process ignores SIGPIPE, which would be inherited.
    var defaults = sigset_t()
    sigemptyset(&defaults)
    sigaddset(&defaults, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    posix_spawnattr_setflags(&attributes, Int16(flags))
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

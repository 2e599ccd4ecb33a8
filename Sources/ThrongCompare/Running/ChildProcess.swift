// A program that is run to its end: pinned, in a process group of its own so that Ctrl-C reaches us
// alone, its output gathered, with a deadline. Belongs to the thread that runs the comparison.

import CEpollShim
import Glibc
import SystemPackage
import ThrongLoad

struct ChildProcess {
  enum End: Equatable {
    case status(Int)
    case signal(Int)
    case deadline
    /// Somebody wishes the comparison to stop.
    case interrupted
  }

  struct Outcome {
    var end: End
    var output = ""
    var errors = ""
  }

  let program: String
  let arguments: [String]
  /// Nil: wherever this process may run.
  var processors: [Int]?
  /// Its descendants can be known by it: an entry of the environment.
  var mark = ""

  private static let politeTime: UInt64 = 6_000_000_000
  private static let killTime: UInt64 = 2_000_000_000
  private static let mostOutput = 64 << 20

  /// - Throws: `Errno` when it could not be started.
  func run(within limit: Duration, _ interruption: StopSignal) throws(Errno) -> Outcome {
    var pipes = try Pipes()
    defer { pipes.close() }
    let pid = try spawn(&pipes)
    let exit = shim_pidfd_open(pid)
    defer { if exit >= 0 { _ = shim_close(exit) } }
    var watch = Watch(pid: pid, exit: exit, pipes: pipes, interruption: interruption)
    var outcome = watch.wait(until: Self.clock + UInt64(limit / .nanoseconds(1)), heedsStop: true)
    if outcome == nil {
      // It ends its server first when it is asked politely.
      let reason: End = interruption.isAsked ? .interrupted : .deadline
      kill(pid, SIGTERM)
      if watch.wait(until: Self.clock + Self.politeTime, heedsStop: false) == nil {
        kill(pid, SIGKILL)
        _ = watch.wait(until: Self.clock + Self.killTime, heedsStop: false)
      }
      outcome = reason
    }
    return Outcome(
      end: outcome ?? .deadline, output: watch.output.text, errors: watch.errors.text)
  }

  private static var clock: UInt64 { shim_monotonic_nanoseconds() }

  // MARK: Starting

  private func spawn(_ pipes: inout Pipes) throws(Errno) -> pid_t {
    let before = Processors.ofThisThread
    if let processors { _ = Processors.restrict(to: processors) }
    defer { if processors != nil { _ = Processors.restrict(to: before) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, pipes.output.write, 1)
    posix_spawn_file_actions_adddup2(&actions, pipes.errors.write, 2)
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
    var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
    words.append(nil)
    defer { for word in words { free(word) } }
    var environment = Self.environment(with: mark)
    defer { for entry in environment { free(entry) } }
    var pid = pid_t()
    let result = posix_spawnp(&pid, program, &actions, &attributes, words, &environment)
    guard result == 0 else { throw Errno(rawValue: result) }
    pipes.closeWritingEnds()
    return pid
  }

  private static func environment(with mark: String) -> [UnsafeMutablePointer<CChar>?] {
    var entries: [UnsafeMutablePointer<CChar>?] = []
    var entry = Glibc.environ
    while let text = entry.pointee {
      entries.append(strdup(text))
      entry += 1
    }
    if !mark.isEmpty { entries.append(strdup(mark)) }
    entries.append(nil)
    return entries
  }

  // MARK: Watching

  private struct Watch {
    let pid: pid_t
    let exit: CInt
    let pipes: Pipes
    let interruption: StopSignal
    var output = Gathered()
    var errors = Gathered()

    /// - Returns: how it has ended; nil when it runs still: the time is over, or somebody wishes us to
    ///   stop and that is heeded.
    mutating func wait(until deadline: UInt64, heedsStop: Bool) -> End? {
      while true {
        gather()
        if let end = ended() {
          gather()
          return end
        }
        let stops = interruption.count
        let now = ChildProcess.clock
        // A second wish to stop cuts the polite time short.
        if now >= deadline || (heedsStop ? stops > 0 : stops > 1) { return nil }
        sleep(until: deadline, now)
      }
    }

    private mutating func gather() {
      output.read(pipes.output.read)
      errors.read(pipes.errors.read)
    }

    private func sleep(until deadline: UInt64, _ now: UInt64) {
      var entries = interruption.descriptors.map { Self.entry($0) }
      if exit >= 0 { entries.append(Self.entry(exit)) }
      if !output.hasEnded { entries.append(Self.entry(pipes.output.read)) }
      if !errors.hasEnded { entries.append(Self.entry(pipes.errors.read)) }
      // Without a descriptor that tells of its end (Linux before 5.3) we look again and again.
      let most: UInt64 = exit >= 0 ? 1_000_000_000 : 10_000_000
      _ = poll(&entries, nfds_t(entries.count), CInt(min(deadline - now, most) / 1_000_000 + 1))
      interruption.clear()
    }

    private static func entry(_ descriptor: CInt) -> pollfd {
      pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    }

    private func ended() -> End? {
      var status: CInt = 0
      guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
      let signal = Int(status & 0x7f)
      return signal == 0 ? .status(Int(status >> 8 & 0xff)) : .signal(signal)
    }
  }

  /// What came through a pipe.
  private struct Gathered {
    private var bytes: [UInt8] = []
    private(set) var hasEnded = false

    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func read(_ descriptor: CInt) {
      var part = [UInt8](repeating: 0, count: 65536)
      while !hasEnded {
        let count = shim_read(descriptor, &part, part.count)
        if count == 0 { hasEnded = true }
        guard count > 0 else { return }
        // Who writes without end is not listened to.
        if bytes.count < ChildProcess.mostOutput { bytes += part.prefix(count) }
      }
    }
  }
}

/// The pipes of a child's output and errors. The reading ends do not block.
private struct Pipes {
  struct Ends {
    var read: CInt
    var write: CInt
  }
  private(set) var output: Ends
  private(set) var errors: Ends

  init() throws(Errno) {
    output = try Self.pipe()
    do throws(Errno) {
      errors = try Self.pipe()
    } catch {
      _ = shim_close(output.read)
      _ = shim_close(output.write)
      throw error
    }
  }

  mutating func closeWritingEnds() {
    for end in [output.write, errors.write] where end >= 0 { _ = shim_close(end) }
    output.write = -1
    errors.write = -1
  }

  mutating func close() {
    closeWritingEnds()
    _ = shim_close(output.read)
    _ = shim_close(errors.read)
  }

  private static func pipe() throws(Errno) -> Ends {
    var ends: [CInt] = [0, 0]
    let result = shim_pipe(&ends)
    guard result >= 0 else { throw Errno(rawValue: -result) }
    _ = shim_set_nonblocking(ends[0], 1)
    return Ends(read: ends[0], write: ends[1])
  }
}

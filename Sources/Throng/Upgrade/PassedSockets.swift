// The listening sockets that this process was started with, until a server takes them, and the pipe to the
// process that it takes over from. Any thread; the environment is read once.

import Glibc
import LinuxSystem
import Synchronization

final class PassedSockets: Sendable {
  /// Those of this process. The first use removes the variables from the environment, so that programs that
  /// this process starts do not take them for theirs.
  static let ofThisProcess = PassedSockets()

  private let sockets: Mutex<[PassedSocket]>
  private let readiness: Mutex<CInt?>

  private convenience init() {
    let environment = StartEnvironment(process: getpid(), parent: getppid()) { name in
      getenv(name).map { String(cString: $0) }
    }
    for name in StartEnvironment.serviceManagerVariables + [StartEnvironment.upgradeVariable] {
      unsetenv(name)
    }
    self.init(environment)
  }

  init(_ environment: StartEnvironment) {
    sockets = Mutex(environment.passed.compactMap { PassedSocket($0) })
    let pipe = environment.readiness.flatMap { Descriptor.setCloseOnExec($0) ? $0 : nil }
    readiness = Mutex(pipe)
  }

  /// Whether another process waits for this one to serve.
  var hasPredecessor: Bool { readiness.withLock { $0 != nil } }

  /// Those that a service manager has given this name.
  func take(named name: String) -> [PassedSocket] { take { $0.name == name } }

  /// Those that the predecessor listened with at the address. Port 0 stands for the port of any of them
  /// at this host.
  /// - Parameter isCompanion: for the server beside the main one, which has sockets of its own.
  func take(boundTo address: SocketAddress, isCompanion: Bool) -> [PassedSocket] {
    sockets.withLock { sockets in
      let candidates = sockets.filter {
        $0.origin == .predecessor && $0.isCompanions == isCompanion
      }
      let found = candidates.first { candidate in
        address.port == 0
          ? candidate.address.port != nil && candidate.address.with(port: 0) == address
          : candidate.address == address
      }
      guard let found else { return [] }
      return Self.take(from: &sockets) {
        $0.origin == .predecessor && $0.isCompanions == isCompanion && $0.address == found.address
      }
    }
  }

  /// Those that no listener has taken: nothing of this process serves their clients.
  func takeRest() -> [PassedSocket] { take { _ in true } }

  private func take(where matches: (PassedSocket) -> Bool) -> [PassedSocket] {
    sockets.withLock { Self.take(from: &$0, where: matches) }
  }

  private static func take(
    from sockets: inout [PassedSocket], where matches: (PassedSocket) -> Bool
  ) -> [PassedSocket] {
    let taken = sockets.filter(matches)
    sockets.removeAll(where: matches)
    return taken
  }

  /// Tells the predecessor, once, that this process serves.
  func reportReady() {
    guard let pipe = readiness.withLock({ $0.take() }) else { return }
    Descriptor.write(pipe, "R")
    Descriptor.close(pipe)
  }
}

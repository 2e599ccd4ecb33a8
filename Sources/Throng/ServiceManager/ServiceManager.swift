// Tells systemd how the service does (sd_notify(3)): one datagram for each message, to the socket that the
// environment names. Any thread. The protocol is simple and stable; libsystemd is not needed for it.

import Glibc
import LinuxSystem
import Logging
import Synchronization

final class ServiceManager: Sendable {
  private enum Phase { case active, handedOver }

  private let socket: NotificationSocket
  private let phase = Mutex(Phase.active)
  /// Expects a sign of life from every event loop; nil when the service manager expects none.
  let watchdog: Watchdog?

  /// Nil when no service manager wants messages.
  convenience init?(_ log: Logger) {
    self.init(log) { name in getenv(name).map { String(cString: $0) } }
  }

  /// - Parameter variable: the value of an environment variable.
  init?(_ log: Logger, variable: (String) -> String?) {
    guard let path = variable("NOTIFY_SOCKET"), path.hasPrefix("/") || path.hasPrefix("@") else {
      return nil
    }
    do {
      socket = try NotificationSocket(address: SocketAddress.unix(path: path).kernelForm)
    } catch {
      log.warning("cannot send messages to the service manager at \(path): \(error)")
      return nil
    }
    watchdog = Watchdog.period(process: getpid(), variable: variable).map { Watchdog(period: $0) }
  }

  func ready(_ status: String = "Serving") { send("READY=1\nSTATUS=\(status)") }

  func reloading() {
    let microseconds = MonotonicTime.now.nanoseconds / 1000
    send("RELOADING=1\nMONOTONIC_USEC=\(microseconds)\nSTATUS=Starting a new process")
  }

  func stopping() { send("STOPPING=1\nSTATUS=Draining") }

  func reportAlive() { send("WATCHDOG=1") }

  /// Another process is the service from now on; this one is silent.
  func handOver(to pid: pid_t) {
    send("MAINPID=\(pid)\nREADY=1\nSTATUS=Serving")
    phase.withLock { $0 = .handedOver }
  }

  private func send(_ message: String) {
    phase.withLock { phase in
      // A message that is lost has no effect on clients.
      if phase == .active { try? socket.send(message) }
    }
  }
}

// How a running server hands over to a new process: `upgrade()` and what the thread inside `run` does.

import Glibc
import LinuxSystem
import SystemPackage

extension Server {
  /// Starts this program again with the listening sockets of this server. Once the new process serves, this
  /// one stops accepting without closing the accept queues, drains, and ends. No client is refused or reset.
  /// If the new process fails, or does not serve within ``Configuration/upgradeTimeout``, it is killed and
  /// this server continues. Does not wait; any thread. The command line is that of this process; a program
  /// file that was replaced meanwhile is the new program.
  public func upgrade() { requestUpgrade() }

  /// Begins an upgrade, unless one is under way or the server stops.
  func beginUpgrade(_ attempt: inout UpgradeAttempt?, _ mask: SignalMask) {
    guard attempt == nil, stopAsked == .running else {
      return log.notice("an upgrade or a stop is in progress; ignoring the request for an upgrade")
    }
    let words = CommandLine.arguments
    do throws(UpgradeFailure) {
      attempt = try UpgradeAttempt.start(
        words, passing: passedSockets(words), mask: mask, timeout: configuration.upgradeTimeout)
      serviceManager?.reloading()
      log.notice("upgrade: started a new process; waiting until it serves")
    } catch {
      reportFailedUpgrade(error)
    }
  }

  private func passedSockets(_ words: [String]) throws(UpgradeFailure) -> [PassedSocket] {
    do throws(Errno) {
      var sockets: [PassedSocket] = []
      for serverLoop in serverLoops {
        sockets += try serverLoop.passedSockets(isCompanions: false)
      }
      for serverLoop in companionsLoops {
        sockets += try serverLoop.passedSockets(isCompanions: true)
      }
      return sockets
    } catch {
      throw .cannotStart(words.first ?? "", error)
    }
  }

  /// Looks how an upgrade goes on, and hands over when the new process serves.
  func continueUpgrade(_ attempt: inout UpgradeAttempt?, _ stage: ShutdownStage) {
    guard let current = attempt.take() else { return }
    let outcome = stage > .running ? .failed(.stopping) : current.outcome(now: .now)
    switch outcome {
    case nil: attempt = consume current
    case .ready(let pid):
      log.notice("upgrade: process \(pid) serves; draining")
      serviceManager?.handOver(to: pid)
      requestHandover()
    case .failed(let failure):
      current.end()
      reportFailedUpgrade(failure)
    }
  }

  private func reportFailedUpgrade(_ failure: UpgradeFailure) {
    log.error("upgrade failed: \(failure); this process continues to serve")
    serviceManager?.ready()
  }

  /// Tells the process that this one takes over from, and the service manager, that this one serves.
  func reportReady() {
    serviceManager?.ready()
    guard PassedSockets.ofThisProcess.hasPredecessor else { return }
    for socket in PassedSockets.ofThisProcess.takeRest() {
      log.warning(
        """
        the process before this one listened on \(socket.address), which the configuration does not \
        have; clients that wait there are reset
        """)
    }
    PassedSockets.ofThisProcess.reportReady()
    for serverLoop in serverLoops + companionsLoops { serverLoop.takeOver() }
  }
}

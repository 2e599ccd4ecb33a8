// Accepts clients, a bounded batch a turn. Whether it may is the station's to say; called by a thread
// of the driver, one at a time, which is what makes its mutable state safe.

import CEpollShim
import SystemPackage

final class Listener: EventSource, @unchecked Sendable {
  // Invariant behind @unchecked: `socket` and `token` are set before the driver runs; the socket is
  // closed once nobody accepts from it. The other variables are under the station's lock.
  private var socket: ListeningSocket?
  private var token = Token(rawValue: .max)
  private unowned let station: Station
  private let driver: Driver
  private let batch: Int
  private let acceptsNonBlocking: Bool
  private var isPaused = false
  private var isClosed = false
  /// Threads inside `ready`: in a pool a second one may come when accepting was resumed meanwhile.
  private var acceptors = 0

  init(
    _ socket: consuming ListeningSocket, station: Station, acceptsNonBlocking: Bool
  ) throws(Errno) {
    self.station = station
    self.acceptsNonBlocking = acceptsNonBlocking
    driver = station.driver
    batch = station.configuration.acceptBatch
    let descriptor = socket.socket.descriptor
    self.socket = consume socket
    token = try driver.adopt(self, descriptor, interest)
  }

  private var interest: Readiness { driver.isOneShot ? [.readable, .oneShot] : .readable }

  func ready(_ readiness: Readiness, _ buffer: inout ReceiveBuffer) {
    guard station.withListeners(begin) else { return }
    for _ in 0..<batch {
      guard acceptOne() else { break }
    }
    station.withListeners(end)
  }

  private func begin() -> Bool {
    if isClosed { return false }
    acceptors += 1
    return true
  }

  private func end() {
    acceptors -= 1
    if isClosed {
      closeIfUnused()
    } else if driver.isOneShot, !isPaused {
      arm(interest)
    }
  }

  /// False when there is nobody to accept, or when accepting must pause.
  private func acceptOne() -> Bool {
    guard station.mayAccept() else { return false }
    do {
      guard let client = try socket?.accept(nonBlocking: acceptsNonBlocking) else { return false }
      station.admit(client)
      return true
    } catch .resourceTemporarilyUnavailable {
      station.acceptedNobody()
      station.caughtUp()
      return false
    } catch {
      station.acceptedNobody()
      if error.isExhaustion { station.pause(exhausted: error) }
      // Anything else is the fate of that one client (accept(2)): ECONNABORTED, EPROTO, EPERM ...
      return !error.isExhaustion
    }
  }

  func attend(now: MonotonicTime) {}

  // MARK: Under the station's lock

  func pause() {
    guard !isPaused else { return }
    isPaused = true
    arm([])
  }

  func resume() {
    guard isPaused else { return }
    isPaused = false
    arm(interest)
  }

  private func arm(_ interest: Readiness) {
    if let descriptor = socket?.socket.descriptor {
      driver.epoll.modify(descriptor, interest, token)
    }
  }

  /// Stops listening, at once or when who accepts is done. On a thread of the driver.
  func close() {
    guard !isClosed else { return }
    isClosed = true
    closeIfUnused()
  }

  private func closeIfUnused() {
    guard acceptors == 0, socket != nil else { return }
    socket = nil
    driver.release(token)
  }
}

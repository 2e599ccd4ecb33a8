// Accepts clients, a bounded batch a turn. Whether it may is the station's to say; called by a thread
// of the driver, one at a time, which is what makes its mutable state safe.

import CEpollShim
import SystemPackage

final class Listener: EventSource, @unchecked Sendable {
  // Invariant behind @unchecked: `socket` and `token` are set before the driver runs; the socket is
  // closed once nobody accepts from it. The other variables are under the station's lock.
  private var socket: ListeningSocket?
  private(set) var token = Token(rawValue: .max)
  private unowned let station: Station
  let driver: Driver
  private let batch: Int
  private let acceptsNonBlocking: Bool
  private var isPaused = false
  /// Whether epoll watches the socket, as far as it has done what it was told.
  private var isArmed = true
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
    if let error = station.withListeners(end) { station.pause(exhausted: error) }
  }

  private func begin() -> Bool {
    if isClosed { return false }
    acceptors += 1
    return true
  }

  /// - Returns: why epoll does not watch the socket as it should.
  private func end() -> Errno? {
    acceptors -= 1
    if isClosed {
      closeIfUnused()
    } else if isPaused {
      if isArmed, !driver.isOneShot { _ = arm() }
    } else if !isArmed || driver.isOneShot {
      return arm()
    }
    return nil
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
    // Where this fails an event comes and finds accepting paused, and `end` tries again.
    _ = arm()
  }

  /// - Returns: why it cannot; it must then be paused again.
  func resume() -> Errno? {
    guard isPaused else { return nil }
    isPaused = false
    return arm()
  }

  /// Nil once it is closed.
  var descriptor: CInt? { socket?.socket.descriptor }

  /// Has epoll watch the socket unless accepting is paused.
  private func arm() -> Errno? {
    guard let descriptor else { return nil }
    do throws(Errno) {
      try driver.epoll.modify(descriptor, isPaused ? [] : interest, token)
      isArmed = !isPaused
      return nil
    } catch {
      return error
    }
  }

  /// Stops listening, at once or when who accepts is done. On a thread of the driver.
  func close() {
    guard !isClosed else { return }
    isClosed = true
    closeIfUnused()
  }

  /// For another thread, when that of the driver does not come to `close`.
  func stopListening() { socket?.socket.shutdownBoth() }

  private func closeIfUnused() {
    guard acceptors == 0, socket != nil else { return }
    socket = nil
    driver.release(token)
  }
}

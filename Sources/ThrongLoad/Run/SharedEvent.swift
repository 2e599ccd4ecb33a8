// An event that several threads signal and one thread waits for.

import LinuxSystem
import Throng

final class SharedEvent: Sendable {
  private let event: Waker

  init(_ event: consuming Waker) { self.event = event }

  var descriptor: CInt { event.descriptor }
  func signal() { event.signal() }
  func clear() { event.clear() }
}

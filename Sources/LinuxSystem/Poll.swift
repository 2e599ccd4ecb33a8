// Waiting for a few descriptors without an epoll instance (poll(2)). Any thread.

import CEpollShim
import SystemPackage

package enum Poll {
  /// Which of two descriptors are readable or at their end.
  package struct Readable: OptionSet {
    package let rawValue: CInt
    package static let first = Readable(rawValue: 1)
    package static let second = Readable(rawValue: 2)
    package init(rawValue: CInt) { self.rawValue = rawValue }
  }

  /// Waits until one of the descriptors is readable. A negative descriptor is left out.
  /// - Parameter milliseconds: -1 for no limit.
  /// - Returns: empty when the time is over.
  package static func readable(
    _ first: CInt, _ second: CInt = -1, milliseconds: CInt
  ) throws(Errno) -> Readable {
    Readable(rawValue: try check(shim_poll_readable(first, second, milliseconds)))
  }

  /// Waits until one of the descriptors is readable or at its end. Negative ones are left out.
  /// - Parameter milliseconds: -1 for no limit.
  package static func anyReadable(_ descriptors: [CInt], milliseconds: CInt) throws(Errno) {
    var entries = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    _ = try check(shim_poll(&entries, entries.count, milliseconds))
  }

  /// Waits until the descriptor can be written to, or fails.
  package static func writable(_ descriptor: CInt, milliseconds: CInt) {
    _ = shim_poll_writable(descriptor, milliseconds)
  }

  /// A pause of the calling thread. For states that no descriptor announces.
  package static func pause(milliseconds: CInt) { _ = shim_poll_readable(-1, -1, milliseconds) }
}

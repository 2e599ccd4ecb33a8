// Waiting for several descriptors at once, and for the end of the user's patience (poll(2)).

import Glibc
import LinuxSystem
import SystemPackage

/// What a descriptor is waited for, and what came of it.
struct Interest {
  private(set) var entry: pollfd

  /// - Parameter wanted: false to wait for nothing on this descriptor, not even for its end.
  init(_ descriptor: CInt, _ events: CInt, wanted: Bool = true) {
    // poll ignores negative descriptors.
    entry = pollfd(fd: wanted ? descriptor : -1, events: Int16(events), revents: 0)
  }

  /// Something can be read, the end or an error included.
  var isReadable: Bool { entry.revents & Int16(POLLIN | POLLHUP | POLLERR | POLLNVAL) != 0 }
  /// Something can be written, or fails at once.
  var isWritable: Bool { entry.revents & Int16(POLLOUT | POLLHUP | POLLERR | POLLNVAL) != 0 }

  fileprivate mutating func take(_ result: pollfd) { entry = result }
}

extension Interruption {
  /// Waits until one of the descriptors is ready.
  /// - Parameter deadline: nil: for ever.
  /// - Returns: false when the deadline came first.
  /// - Throws: ``Signalled`` when a signal comes first; ``TerminalClientError`` when poll(2) fails.
  func wait(
    for interests: inout [Interest], until deadline: ContinuousClock.Instant? = nil
  ) throws -> Bool {
    var entries = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
    entries += interests.map(\.entry)
    while true {
      let count = poll(&entries, nfds_t(entries.count), Self.pollTimeout(until: deadline))
      if count > 0 { break }
      let error = Errno(rawValue: errno)
      // A signal that is not watched, such as SIGCONT, interrupts the wait.
      if count < 0, error != .interrupted {
        throw TerminalClientError("cannot wait for the connection: poll fails: \(error.sentence)")
      }
      if count == 0, let deadline, ContinuousClock.now >= deadline { return false }
    }
    if entries[0].revents != 0, let signal = next() { throw Signalled(signal: signal) }
    for index in interests.indices { interests[index].take(entries[index + 1]) }
    return true
  }

  /// The same for one descriptor.
  func wait(
    for descriptor: CInt, _ events: CInt, until deadline: ContinuousClock.Instant? = nil
  ) throws -> Bool {
    var interests = [Interest(descriptor, events)]
    return try wait(for: &interests, until: deadline)
  }

  /// Waits for nothing but a signal.
  func pause(until deadline: ContinuousClock.Instant) throws {
    var none: [Interest] = []
    _ = try wait(for: &none, until: deadline)
  }

  /// Milliseconds, rounded up; -1 for ever.
  private static func pollTimeout(until deadline: ContinuousClock.Instant?) -> CInt {
    guard let deadline else { return -1 }
    let (seconds, attoseconds) = max(.zero, deadline - .now).components
    let milliseconds = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    return CInt(clamping: seconds.multipliedReportingOverflow(by: 1000).partialValue + milliseconds)
  }
}

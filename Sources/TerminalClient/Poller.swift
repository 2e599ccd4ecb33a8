// Waits for descriptors, a deadline, and the signals that end the client (poll(2), signalfd(2)), so that
// Ctrl-C closes the connection in order. Used by the main thread.

import Glibc
import LinuxSystem
import SystemPackage
import ThrongHandlers

/// While it lives, SIGINT and SIGTERM are read from a descriptor.
package struct Poller: ~Copyable {
  /// A signal has come.
  package struct Interrupted: Error { package let signal: CInt }

  private let signals: SignalDescriptor

  package init() throws(TerminalClientError) {
    do {
      signals = try SignalDescriptor([SIGINT, SIGTERM])
    } catch {
      throw .cannotWatchSignals(error)
    }
  }

  /// Waits until one of the descriptors is ready.
  /// - Returns: false when the deadline came first.
  /// - Throws: ``Interrupted`` when a signal comes first; ``TerminalClientError`` when poll(2) fails.
  func wait(for entries: inout [pollfd], until deadline: MonotonicTime = .never) throws -> Bool {
    entries.append(pollfd(signals.descriptor, POLLIN))
    defer { entries.removeLast() }
    while true {
      let timeout = deadline.pollTimeout(from: .now)
      let count = poll(&entries, nfds_t(entries.count), timeout)
      if count > 0 { break }
      // A signal that is not watched, such as SIGCONT, interrupts the wait.
      if count < 0, errno != EINTR { throw TerminalClientError.cannotPoll(Errno(rawValue: errno)) }
      if count == 0, deadline <= .now { return false }
    }
    if entries[entries.count - 1].isReadable, let signal = signals.next() {
      throw Interrupted(signal: signal)
    }
    return true
  }

  /// The same for one descriptor.
  func wait(
    for descriptor: CInt, _ events: CInt, until deadline: MonotonicTime = .never
  ) throws -> Bool {
    var entries = [pollfd(descriptor, events)]
    return try wait(for: &entries, until: deadline)
  }

  // MARK: Standard output

  /// Gives the kernel as many of the bytes as it takes now.
  /// - Returns: nil when there is no room.
  /// - Throws: ``TerminalClientError``; ``Interrupted`` with SIGPIPE when the reader has gone.
  func writeSome(_ bytes: ArraySlice<UInt8>) throws -> Int? {
    let output = StandardOutput.descriptor
    // In a write that may block, a signal ends the process as it would without this poller.
    if output.mayBlock { signals.maskBefore.apply() }
    defer { if output.mayBlock { SignalMask([SIGINT, SIGTERM]).block() } }
    do throws(Errno) {
      return try output.write(bytes)
    } catch .brokenPipe {
      // As if SIGPIPE had ended the process, as in `throng connect | head -n 1`.
      throw Interrupted(signal: SIGPIPE)
    } catch {
      throw TerminalClientError.cannotWrite(.standardOutput, error)
    }
  }

  /// Writes all of the bytes, waiting for room.
  func write(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      if let count = try writeSome(rest) {
        rest = rest.dropFirst(count)
      } else {
        _ = try wait(for: StandardOutput.descriptor.descriptor, POLLOUT)
      }
    }
  }
}

extension pollfd {
  /// - Parameter wanted: false to ignore this descriptor, even its end, which poll(2) reports otherwise.
  init(_ descriptor: CInt, _ events: CInt, wanted: Bool = true) {
    self.init(fd: wanted ? descriptor : -1, events: Int16(events), revents: 0)
  }

  /// Something can be read, the end or an error included.
  var isReadable: Bool { revents & Int16(POLLIN | POLLHUP | POLLERR | POLLNVAL) != 0 }
  /// Something can be written, or fails at once.
  var isWritable: Bool { revents & Int16(POLLOUT | POLLHUP | POLLERR | POLLNVAL) != 0 }
}

// What a program writes, gathered on a thread as it comes, so that a test can wait for some of it.

import Foundation

/// How a stream of a program is read.
package enum Reading {
  case gathered
  /// As many lines, and the rest when the program has ended, or at ``ProgramOutput/resume()``. The pipe is
  /// as small as it can be.
  case paused(afterLines: Int)
  /// The reading end is closed at once.
  case closed
}

/// The output of a program so far.
package final class ProgramOutput: @unchecked Sendable {
  // Invariant behind @unchecked: all variables are touched only under `condition`.
  private let condition = NSCondition()
  private var bytes = Data()
  private var isComplete = false
  private var isPaused = false
  private let handle: FileHandle

  package init(_ pipe: Pipe, _ reading: Reading) throws {
    handle = pipe.fileHandleForReading
    var lines = 0
    switch reading {
    case .gathered: break
    case .paused(let count):
      lines = count
      isPaused = true
      // F_SETPIPE_SZ, which rounds up to a page.
      _ = fcntl(handle.fileDescriptor, 1031, 1)
    case .closed:
      isComplete = true
      try handle.close()
      return
    }
    Thread.detachNewThread { [self, lines] in
      var count = lines
      while count > 0, let byte = readSome(atMost: 1) {
        if byte.first == UInt8(ascii: "\n") { count -= 1 }
      }
      condition.withLock { while isPaused { condition.wait() } }
      while readSome(atMost: 65536) != nil {}
      finish()
    }
  }

  /// `FileHandle.read` would wait for as many bytes as it is asked for.
  private func readSome(atMost limit: Int) -> ArraySlice<UInt8>? {
    var buffer = [UInt8](repeating: 0, count: limit)
    let count = read(handle.fileDescriptor, &buffer, limit)
    guard count > 0 else { return nil }
    add(buffer[..<count])
    return buffer[..<count]
  }

  /// Reads on after a pause.
  package func resume() {
    condition.withLock {
      isPaused = false
      condition.broadcast()
    }
  }

  /// Waits until the pipe holds something that is not read.
  package func waitUntilFilled() throws {
    let deadline = Date() + Program.patience
    var count: CInt = 0
    while count == 0 {
      guard Date() < deadline else { throw TestFailure("the pipe did not fill") }
      // The descriptor is readable then.
      var entry = pollfd(fd: handle.fileDescriptor, events: Int16(POLLIN), revents: 0)
      _ = poll(&entry, 1, 100)
      _ = ioctl(handle.fileDescriptor, UInt(FIONREAD), &count)
    }
  }

  package var data: Data { condition.withLock { bytes } }
  package var text: String { String(decoding: data, as: UTF8.self) }
  package var lines: [Substring] { text.split(whereSeparator: \.isNewline) }

  /// Waits until the text contains a part.
  /// - Returns: the first line with it.
  @discardableResult
  package func wait(for part: String) throws -> String {
    try wait("'\(part)'") { text in
      text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).dropLast()
        .first { $0.contains(part) }.map(String.init)
    }
  }

  /// Waits until the text is as it should be.
  package func wait(until isComplete: (String) -> Bool) throws {
    try wait("the expected text") { isComplete($0) ? () : nil }
  }

  package func waitForEnd() throws {
    let deadline = Date() + Program.patience
    try condition.withLock {
      while !isComplete {
        guard condition.wait(until: deadline) else { throw TestFailure("the output did not end") }
      }
    }
  }

  private func wait<Result>(_ what: String, _ find: (String) -> Result?) throws -> Result {
    let deadline = Date() + Program.patience
    return try condition.withLock {
      while true {
        let text = String(decoding: bytes, as: UTF8.self)
        if let found = find(text) { return found }
        guard !isComplete, condition.wait(until: deadline) else {
          throw TestFailure("\(what) did not come; this did: \(text)")
        }
      }
    }
  }

  private func add(_ piece: ArraySlice<UInt8>) {
    condition.withLock {
      bytes += piece
      condition.broadcast()
    }
  }

  private func finish() {
    condition.withLock {
      isComplete = true
      condition.broadcast()
    }
  }
}

// What a program writes, gathered on a thread as it comes, so that a test can wait for some of it.

import Foundation

/// The output of a program so far.
final class Gathering: @unchecked Sendable {
  // Invariant behind @unchecked: `bytes` and `isComplete` are touched only under `condition`.
  private let condition = NSCondition()
  private var bytes = Data()
  private var isComplete: Bool

  /// - Parameter pipe: nil gathers nothing.
  init(_ pipe: Pipe?) {
    isComplete = pipe == nil
    guard let handle = pipe?.fileHandleForReading else { return }
    Thread.detachNewThread { [self] in
      // `FileHandle.read` would wait for as many bytes as it is asked for.
      var buffer = [UInt8](repeating: 0, count: 65536)
      while case let count = read(handle.fileDescriptor, &buffer, buffer.count), count > 0 {
        add(buffer[..<count])
      }
      finish()
    }
  }

  var data: Data { condition.withLock { bytes } }
  var text: String { String(decoding: data, as: UTF8.self) }
  var lines: [Substring] { text.split(whereSeparator: \.isNewline) }

  /// Waits until the text contains a part.
  /// - Returns: the first line with it.
  @discardableResult
  func wait(for part: String) throws -> String {
    try wait("'\(part)'") { text in
      text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).dropLast()
        .first { $0.contains(part) }.map(String.init)
    }
  }

  /// Waits until the text is as it should be.
  func wait(until isComplete: (String) -> Bool) throws {
    try wait("the expected text") { isComplete($0) ? () : nil }
  }

  func waitForEnd() throws {
    let deadline = Date() + Program.patience
    try condition.withLock {
      while !isComplete {
        guard condition.wait(until: deadline) else { throw Impatience("the output did not end") }
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
          throw Impatience("\(what) did not come; this did: \(text)")
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

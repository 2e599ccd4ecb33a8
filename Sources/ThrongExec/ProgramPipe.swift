// The handler's end of a pipe to or from its program. Used by one task; the thread of `Children` resumes it
// when the pipe is ready.

import LinuxSystem
import Synchronization
import SystemPackage
import Throng

final class ProgramPipe: Sendable {
  enum Direction: Sendable { case toProgram, fromProgram }

  private struct State: ~Copyable {
    var pipe: Pipe
    var waiter: CheckedContinuation<Void, Never>?
    /// What `Children` knows the descriptor by, once it was waited for.
    var number: UInt64?
  }

  private let direction: Direction
  private let children: Children
  private let state: Mutex<State>

  /// A read is one TLS record at most.
  private static let readSize = 16384

  init(_ direction: Direction, _ children: Children) throws(Errno) {
    let pipe = try Pipe()
    // The program's end blocks, as programs expect.
    Descriptor.setNonBlocking(pipe.readEnd, direction == .fromProgram)
    Descriptor.setNonBlocking(pipe.writeEnd, direction == .toProgram)
    self.direction = direction
    self.children = children
    state = Mutex(State(pipe: pipe))
  }

  /// For starting the program; `closeProgramEnd` follows.
  var programEnd: CInt {
    state.withLock { direction == .toProgram ? $0.pipe.readEnd : $0.pipe.writeEnd }
  }

  func closeProgramEnd() {
    state.withLock { s in
      if direction == .toProgram { s.pipe.closeReadEnd() } else { s.pipe.closeWriteEnd() }
    }
  }

  private static func ownEnd(_ s: borrowing State, _ direction: Direction) -> CInt {
    direction == .toProgram ? s.pipe.writeEnd : s.pipe.readEnd
  }

  /// - Returns: nil when all processes have closed their end, and when the task was cancelled.
  func read() async -> Bytes? {
    while !Task.isCancelled {
      let result = state.withLock { (s) -> Result<[UInt8]?, Errno> in
        Result { () throws(Errno) in
          try Descriptor.read(Self.ownEnd(s, direction), atMost: Self.readSize)
        }
      }
      guard case .success(let read) = result else { return nil }
      if let read { return read.isEmpty ? nil : Bytes(adopting: read) }
      await waitUntilReady()
    }
    return nil
  }

  /// Waits until the pipe has taken all bytes.
  /// - Returns: false when the program does not read any more, and when the task was cancelled.
  func write(_ bytes: Bytes) async -> Bool {
    var rest = bytes
    while !rest.isEmpty {
      if Task.isCancelled { return false }
      let result = state.withLock { (s) -> Result<Int?, Errno> in
        Result { () throws(Errno) in
          try rest.withUnsafeBytes { (buffer) throws(Errno) in
            try Descriptor.write(Self.ownEnd(s, direction), buffer)
          }
        }
      }
      guard case .success(let written) = result else { return false }
      if let written { rest = rest.dropFirst(written) } else { await waitUntilReady() }
    }
    return true
  }

  /// The program sees the end of its input, or that its output is not read any more.
  func close() {
    state.withLock { s in
      if let number = s.number.take() {
        children.forget(number, Self.ownEnd(s, direction))
      }
      if direction == .toProgram { s.pipe.closeWriteEnd() } else { s.pipe.closeReadEnd() }
    }
  }

  private func waitUntilReady() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let waits = state.withLock { s in
          guard !Task.isCancelled, watch(&s) else { return false }
          s.waiter = continuation
          return true
        }
        if !waits { continuation.resume() }
      }
    } onCancel: {
      becameReady()
    }
  }

  /// - Returns: false when epoll cannot watch the pipe, which is closed then.
  private func watch(_ s: inout State) -> Bool {
    let descriptor = Self.ownEnd(s, direction)
    do throws(Errno) {
      s.number = try children.wait(
        for: direction == .toProgram ? .writable : .readable, of: descriptor, self, s.number)
      return true
    } catch {
      if direction == .toProgram { s.pipe.closeWriteEnd() } else { s.pipe.closeReadEnd() }
      return false
    }
  }

  func becameReady() {
    let waiter = state.withLock { $0.waiter.take() }
    waiter?.resume()
  }
}

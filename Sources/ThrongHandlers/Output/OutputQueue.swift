// A bounded queue before standard output or standard error: the threads that serve clients never wait for
// a reader. What the descriptor does not take at once is written by a thread that lives until the queue is
// empty. What does not fit into the queue is dropped and counted.

import LinuxSystem
import Synchronization
import SystemPackage
import Throng

/// Any thread. Pieces (lines, or what one client sent) are written in the order of the calls, each whole.
package final class OutputQueue: Sendable {
  package struct Limits: Sendable {
    package var bytes: Int
    /// Bounds what short pieces cost beside their bytes.
    package var pieces: Int

    package static let standard = Limits(bytes: 256 * 1024)

    package init(bytes: Int) {
      self.bytes = bytes
      pieces = max(1, bytes / 256)
    }
  }

  package struct Dropped: Equatable, Sendable {
    package internal(set) var pieces = 0
    package internal(set) var bytes = 0

    static func += (sum: inout Self, other: Self) {
      sum.pieces += other.pieces
      sum.bytes += other.bytes
    }
  }

  package enum Outcome: Equatable, Sendable {
    /// Written, or queued.
    /// - Parameter after: what was dropped before it, in the piece that is accepted first again.
    case accepted(after: Dropped?)
    /// The queue is full. After that pieces are accepted again when it is half empty.
    case dropped(isFirst: Bool)
    /// The descriptor takes nothing; what was queued is dropped.
    case failed(Errno)
  }

  private struct Piece {
    var rest: ArraySlice<UInt8>
    /// What is lost with it.
    let content: Dropped
  }

  private struct State {
    var limits: Limits
    var pieces: [Piece] = []
    var bytes = 0
    var isDropping = false
    var dropped = Dropped()
    /// The first piece belongs to the writing thread, the others only append.
    var hasWriter = false
    var failure: Errno?

    mutating func append(_ bytes: [UInt8], content: Dropped) {
      pieces.append(Piece(rest: bytes[...], content: content))
      self.bytes += bytes.count
    }

    mutating func advance(_ count: Int) {
      bytes -= count
      pieces[0].rest = pieces[0].rest.dropFirst(count)
      if pieces[0].rest.isEmpty { pieces.removeFirst() }
    }

    mutating func fail(_ error: Errno) {
      for piece in pieces { dropped += piece.content }
      pieces = []
      bytes = 0
      isDropping = true
      failure = error
    }
  }

  private let output: OutputDescriptor
  private let note: (@Sendable (Dropped) -> [UInt8])?
  private let state: Mutex<State>

  private static let writerStackSize = 256 * 1024
  /// How long the writing thread rests when the descriptor seems to have room and takes nothing, which
  /// happens while another process writes to the same terminal.
  private static let restMilliseconds: CInt = 20

  /// - Parameters:
  ///   - limits: how much may wait; a piece is accepted by an empty queue however long it is.
  ///   - note: makes the piece that says, in the place of those dropped, how many they were.
  package init(
    _ output: OutputDescriptor, limits: Limits = .standard,
    note: (@Sendable (Dropped) -> [UInt8])? = nil
  ) {
    self.output = output
    state = Mutex(State(limits: limits))
    self.note = note
  }

  /// What is queued already stays, also when it is more.
  package func setLimits(_ limits: Limits) { state.withLock { $0.limits = limits } }

  /// Never blocks.
  @discardableResult
  package func write(_ bytes: [UInt8]) -> Outcome {
    let (outcome, mustStart) = state.withLock { s in
      if !s.hasWriter { writeOut(&s) }
      let outcome = accept(bytes, &s)
      if !s.hasWriter { writeOut(&s) }
      let mustStart = !s.hasWriter && !s.pieces.isEmpty
      if mustStart { s.hasWriter = true }
      defer { s.failure = nil }
      return (s.failure.map { .failed($0) } ?? outcome, mustStart)
    }
    if mustStart { startWriter() }
    return outcome
  }

  /// Waits until all is written, but not longer than until the deadline.
  /// - Returns: what was dropped since the last accepted piece, with what is still queued.
  @discardableResult
  package func flush(until deadline: MonotonicTime) -> Dropped {
    while true {
      let (isEmpty, lost) = state.withLock { s in
        if !s.hasWriter { writeOut(&s) }
        return (s.pieces.isEmpty, s.pieces.reduce(into: s.dropped) { $0 += $1.content })
      }
      if isEmpty || MonotonicTime.now >= deadline { return lost }
      Poll.pause(milliseconds: 5)
    }
  }

  // MARK: Under the lock

  private func accept(_ bytes: [UInt8], _ s: inout State) -> Outcome {
    let content = Dropped(pieces: 1, bytes: bytes.count)
    guard hasRoom(for: bytes.count, s) else {
      defer { s.isDropping = true }
      s.dropped += content
      return .dropped(isFirst: !s.isDropping)
    }
    let before = endDropping(&s)
    if !bytes.isEmpty { s.append(bytes, content: content) }
    return .accepted(after: before)
  }

  private func hasRoom(for count: Int, _ s: State) -> Bool {
    if s.pieces.isEmpty { return true }
    if s.isDropping {
      return s.pieces.count <= s.limits.pieces / 2 && s.bytes <= s.limits.bytes / 2
    }
    return s.pieces.count < s.limits.pieces && s.bytes + count <= s.limits.bytes
  }

  private func endDropping(_ s: inout State) -> Dropped? {
    guard s.isDropping else { return nil }
    let dropped = s.dropped
    s.isDropping = false
    s.dropped = Dropped()
    if let note { s.append(note(dropped), content: dropped) }
    return dropped
  }

  /// Writes what the descriptor takes. Only while there is no writing thread.
  private func writeOut(_ s: inout State) {
    guard !output.mayBlock else { return }
    while let first = next(&s) {
      do throws(Errno) {
        guard let count = try output.write(first) else { return }
        s.advance(count)
      } catch {
        s.fail(error)
      }
    }
  }

  /// The first piece; when all is written, the note about those that were dropped.
  private func next(_ s: inout State) -> ArraySlice<UInt8>? {
    if s.pieces.isEmpty, s.failure == nil, note != nil { _ = endDropping(&s) }
    return s.pieces.first?.rest
  }

  // MARK: The writing thread

  private func startWriter() {
    // The signals of the process are for other threads.
    let before = SignalMask.allSignals.block()
    defer { before.apply() }
    do {
      try Thread.startDetached(stackSize: Self.writerStackSize) { self.runWriter() }
    } catch {
      // The next piece tries again.
      state.withLock { $0.hasWriter = false }
    }
  }

  private func runWriter() {
    while let first = takeNext() {
      Poll.writable(output.descriptor, milliseconds: -1)
      do throws(Errno) {
        if let count = try output.write(first) {
          state.withLock { $0.advance(count) }
        } else {
          Poll.pause(milliseconds: Self.restMilliseconds)
        }
      } catch {
        state.withLock { $0.fail(error) }
      }
    }
  }

  private func takeNext() -> ArraySlice<UInt8>? {
    state.withLock { s in
      let first = next(&s)
      if first == nil { s.hasWriter = false }
      return first
    }
  }
}

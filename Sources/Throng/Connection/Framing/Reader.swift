// Buffered reading for protocols: lines, exact counts, delimiters, integers, and what has already arrived.
// A class, so that an actor can hold one and a child task can use one. `input` belongs to the task that has
// set `isBusy`; what a call needs and has arrived is returned without waiting, by code that is inlined into
// the handler.

import Synchronization

/// Reads a connection's input for a protocol, and may change between lines, counts and delimiters at any
/// point: what one call does not take, the next one gets.
///
/// ```swift
/// let input = connection.reader(maximumLength: 65536)
/// while let line = try await input.line() {          // SET name 5
///   let count = line.split(separator: UInt8(ascii: " ")).last?.bytes.integer() ?? 0
///   let value = try await input.exactly(count)       // five bytes, of any value
///   ...
/// }
/// ```
///
/// One task at a time may use a reader; a second one gets ``ConnectionError/alreadyReceiving``. Tasks that
/// take turns, child tasks and actors may share it. A connection should have one reader: bytes that a
/// reader has buffered are seen by no other, nor by ``Connection/receive(atMost:)``.
///
/// While bytes have arrived that the handler has not taken, its sends leave together, see
/// ``Connection/send(_:)-(Bytes)``. After some hundred calls that did not have to wait, one lets other
/// connections be served first.
///
/// All calls throw ``ConnectionError`` when the connection is lost, and `CancellationError` when the task
/// was cancelled and is not the handler's own; what has arrived is kept then. What the client sends wrongly
/// is an ``InputError``, with the offset of the message.
public final class Reader: @unchecked Sendable {
  // Invariant behind @unchecked: `input` is touched only by the task that has set `isBusy`.

  /// Whose input this reads.
  public let connection: Connection
  @exclusivity(unchecked)
  var input: PendingInput
  private let isBusy = Atomic<Bool>(false)

  init(_ connection: Connection, maximumLength: Int, awaitsWholeLines: Bool = false) {
    self.connection = connection
    input = PendingInput(maximumLength: maximumLength, awaitsWholeLines: awaitsWholeLines)
  }

  // MARK: What has arrived

  /// What has arrived and was not taken yet; it stays. Empty while another task reads. For a protocol that
  /// parses by itself: look at it, and ``skip(_:)`` what was used.
  public var buffered: Bytes { (try? exclusively { $0.bytes }) ?? Bytes() }

  /// Bytes that were taken since the reader was made. 0 while another task reads.
  public var offset: Int { (try? exclusively { $0.offset }) ?? 0 }

  /// The next line, as ``line()`` returns it, when the whole of it has arrived; nil when `line` would
  /// wait, has an end to report, or would let other connections be served first. To answer all that has
  /// arrived at once.
  /// - Throws: ``InputError`` with `.tooLong`.
  public func bufferedLine() throws -> Bytes? { try arrivedLine() }

  /// Waits until there is a byte or the input ends.
  /// - Returns: whether the input has ended and everything was taken: no message was cut off.
  public func isAtEnd() async throws -> Bool {
    try await wait(for: { $0.isEmpty ? nil : false }, atEnd: { _ in true })
  }

  // MARK: Inside

  @inline(__always)
  func exclusively<Result>(_ body: (inout PendingInput) throws -> Result) throws -> Result {
    try begin()
    defer { end() }
    return try body(&input)
  }

  /// What `take` finds in the buffer; nil: it has to wait, or other connections get their turn first.
  @inline(__always)
  func arrived<Result>(_ take: (inout PendingInput) throws -> Result?) throws -> Result? {
    try exclusively { $0.streak.isOver ? nil : try take(&$0) }
  }

  @inline(__always)
  func begin() throws(ConnectionError) {
    if isBusy.exchange(true, ordering: .acquiring) { throw .alreadyReceiving }
  }

  @usableFromInline
  func end() { isBusy.store(false, ordering: .releasing) }

  /// Receives until `take` finds what it looks for. For calls that are rare.
  /// - Parameters:
  ///   - total: how many bytes it needs, when that is known.
  ///   - atEnd: the result when the input has ended before.
  func wait<Result>(
    expecting total: Int = 0, for take: (inout PendingInput) throws -> Result?,
    atEnd: (inout PendingInput) throws -> Result
  ) async throws -> Result {
    while true {
      if let found = try arrived(take) { return found }
      if try await !receiveMore(expecting: total) { return try exclusively(atEnd) }
    }
  }
}

extension Connection {
  /// Buffered reading of what the client sends: see ``Reader``.
  /// - Parameter maximumLength: bytes of one message, which the reader keeps in memory: of a line, of an
  ///   exact count, of what comes before a delimiter. More make the call throw ``InputError``.
  public final func reader(maximumLength: Int = 65536) -> Reader {
    precondition(
      maximumLength > 0 && maximumLength <= UInt32.max >> 1, "from one byte to 2 GiB a message")
    return Reader(self, maximumLength: maximumLength)
  }
}

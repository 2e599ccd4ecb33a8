// What a reader has received and not given out yet, and how messages are cut from it. Plain code without
// waiting: each `take` returns nil when more bytes have to arrive first. Belongs to one reader.

struct PendingInput {
  private var buffer = InputBuffer()
  /// Bytes taken since the reader was made.
  private(set) var offset = 0
  /// How much of the buffer is known to have no line feed.
  private var scanned = 0
  /// Where the next line ends, when that was found already.
  private var nextEnd: Int?
  var streak = MessageStreak()

  let maximumLength: Int
  /// Whether a reply is held back only for another whole line: what `lines` does. Otherwise for any bytes.
  private let awaitsWholeLines: Bool

  init(maximumLength: Int, awaitsWholeLines: Bool) {
    self.maximumLength = maximumLength
    self.awaitsWholeLines = awaitsWholeLines
  }

  var count: Int { buffer.count }
  var isEmpty: Bool { buffer.isEmpty }
  var bytes: Bytes { buffer.bytes }

  func error(_ reason: InputError.Reason) -> InputError { InputError(reason, offset: offset) }

  // MARK: Receiving

  /// Before a wait: see `InputBuffer`.
  mutating func compact(expecting total: Int) { buffer.compact(expecting: total) }

  mutating func append(_ bytes: Bytes, expecting total: Int) {
    buffer.append(bytes, expecting: total)
    streak.begin()
  }

  // MARK: Lines

  /// The next line without its terminator.
  mutating func takeLine(_ connection: Connection) throws(InputError) -> Bytes? {
    guard let end = findEnd() else {
      // One byte more may be the CR of a line that is just short enough.
      if buffer.count > maximumLength + 1 { throw error(.tooLong(maximum: maximumLength)) }
      return nil
    }
    let hasReturn = end > 0 && buffer.bytes[end - 1] == UInt8(ascii: "\r")
    let length = hasReturn ? end - 1 : end
    // Before anything is taken: the error has the offset of the line.
    if length > maximumLength { throw error(.tooLong(maximum: maximumLength)) }
    let line = length == 0 ? Bytes() : buffer.take(length)
    buffer.skip(end + 1 - length)
    advance(by: end + 1)
    if awaitsWholeLines {
      streak.note(
        hasMore: findEnd() != nil, weight: MessageStreak.wholeMessage, on: connection)
    } else {
      streak.note(hasMore: !buffer.isEmpty, weight: MessageStreak.part, on: connection)
    }
    return line
  }

  /// Where the next line ends, if it has arrived. No byte is looked at twice.
  private mutating func findEnd() -> Int? {
    if nextEnd == nil, scanned < buffer.count {
      nextEnd = buffer.firstIndex(of: UInt8(ascii: "\n"), from: scanned)
      if nextEnd == nil { scanned = buffer.count }
    }
    return nextEnd
  }

  /// After the end of the input: what is left, nil when nothing is.
  mutating func takeRest() -> Bytes? {
    guard !buffer.isEmpty else { return nil }
    let count = buffer.count
    advance(by: count)
    return buffer.take(count)
  }

  // MARK: Counts and delimiters

  /// The next `count` bytes.
  mutating func take(_ count: Int, _ connection: Connection) throws(InputError) -> Bytes? {
    try check(count)
    guard buffer.count >= count else { return nil }
    let bytes = count == 0 ? Bytes() : buffer.take(count)
    noteTaken(count, connection)
    return bytes
  }

  /// The same without the limit on the length, and at least one byte.
  mutating func takeSome(atMost limit: Int, _ connection: Connection) -> Bytes? {
    guard !buffer.isEmpty else { return nil }
    let count = min(limit, buffer.count)
    let bytes = buffer.take(count)
    noteTaken(count, connection)
    return bytes
  }

  /// Drops at most `count` bytes.
  /// - Returns: how many.
  mutating func drop(atMost count: Int, _ connection: Connection) -> Int {
    let dropped = min(count, buffer.count)
    guard dropped > 0 else { return 0 }
    buffer.skip(dropped)
    noteTaken(dropped, connection)
    return dropped
  }

  /// The next `count` bytes, which are not taken.
  func peek(_ count: Int) throws(InputError) -> Bytes? {
    try check(count)
    return buffer.count >= count ? buffer.bytes.part(from: 0, count: count) : nil
  }

  /// The bytes before a delimiter, which is dropped.
  /// - Parameter scanned: how much of the buffer is known to have none.
  mutating func take(
    until delimiter: UnsafeRawBufferPointer, scanned: inout Int, _ connection: Connection
  ) throws(InputError) -> Bytes? {
    precondition(!delimiter.isEmpty, "a delimiter has at least one byte")
    guard let end = buffer.bytes.offset(of: delimiter, from: scanned) else {
      scanned = max(0, buffer.count - delimiter.count + 1)
      if scanned > maximumLength { throw error(.tooLong(maximum: maximumLength)) }
      return nil
    }
    if end > maximumLength { throw error(.tooLong(maximum: maximumLength)) }
    let bytes = end == 0 ? Bytes() : buffer.take(end)
    buffer.skip(delimiter.count)
    noteTaken(end + delimiter.count, connection)
    return bytes
  }

  /// A number of at most 8 bytes.
  mutating func takeInteger(
    _ byteCount: Int, _ endianness: Endianness, _ connection: Connection
  ) -> UInt64? {
    guard buffer.count >= byteCount else { return nil }
    let value = buffer.bytes.withUnsafeBytes { endianness.decode($0, byteCount) }
    buffer.skip(byteCount)
    noteTaken(byteCount, connection)
    return value
  }

  /// A length may come from the client.
  private func check(_ count: Int) throws(InputError) {
    if count < 0 { throw error(.malformed("a length of \(count) bytes")) }
    if count > maximumLength { throw error(.tooLong(maximum: maximumLength)) }
  }

  // MARK: Frames

  /// The next frame without its prefix.
  mutating func takeFrame(_ prefix: LengthPrefix, _ connection: Connection) throws(InputError)
    -> Bytes?
  {
    guard let length = try frameLength(prefix), hasFrame(prefix, length) else { return nil }
    buffer.skip(prefix.byteCount)
    let frame = length == 0 ? Bytes() : buffer.take(length)
    advance(by: prefix.byteCount + length)
    // A frame that is too long is found when it is asked for.
    let hasMore = (try? frameLength(prefix)).flatMap { $0 }.map { hasFrame(prefix, $0) } ?? false
    streak.note(hasMore: hasMore, weight: MessageStreak.wholeMessage, on: connection)
    return frame
  }

  private func hasFrame(_ prefix: LengthPrefix, _ length: Int) -> Bool {
    buffer.count >= prefix.byteCount + length
  }

  /// What the prefix says, once it is there.
  func frameLength(_ prefix: LengthPrefix) throws(InputError) -> Int? {
    guard buffer.count >= prefix.byteCount else { return nil }
    let length = buffer.bytes.withUnsafeBytes { prefix.decode($0) }
    if length > UInt64(maximumLength) { throw error(.tooLong(maximum: maximumLength)) }
    return Int(length)
  }

  // MARK: A parser's messages

  /// Drops a message that was parsed.
  /// - Parameter length: nil: it is not complete.
  mutating func takeMessage(length: Int?, _ connection: Connection) throws(InputError) {
    if (length ?? buffer.count) > maximumLength { throw error(.tooLong(maximum: maximumLength)) }
    guard let length else { return }
    precondition(
      length > 0 && length <= buffer.count, "a message has the bytes that it was parsed from")
    buffer.skip(length)
    advance(by: length)
    streak.note(hasMore: !buffer.isEmpty, weight: MessageStreak.wholeMessage, on: connection)
  }

  // MARK: Bookkeeping

  private mutating func noteTaken(_ count: Int, _ connection: Connection) {
    advance(by: count)
    streak.note(hasMore: !buffer.isEmpty, weight: MessageStreak.part, on: connection)
  }

  private mutating func advance(by count: Int) {
    offset += count
    scanned = 0
    nextEnd = nil
  }
}

// What goes to the server: the bytes that the kernel has not taken yet, and then FIN. A value.

struct SendBuffer {
  private var unsent: ArraySlice<UInt8> = []
  private var isEnding = false
  /// FIN has been sent, or the server takes no more.
  private(set) var hasEnded = false

  /// Whether the kernel has all of it. Until then nothing more should be given.
  private(set) var isEmpty = true

  mutating func send(_ bytes: [UInt8], _ socket: borrowing ClientSocket) {
    unsent += bytes
    flush(socket)
  }

  /// Sends FIN as soon as the kernel has the rest.
  mutating func end(_ socket: borrowing ClientSocket) {
    isEnding = true
    flush(socket)
  }

  /// Gives the kernel what it takes.
  mutating func flush(_ socket: borrowing ClientSocket) {
    guard !hasEnded else { return }
    do {
      try socket.flush()
      if !unsent.isEmpty { unsent = unsent.dropFirst(try socket.send(unsent)) }
      isEmpty = unsent.isEmpty && !socket.hasUnsent
      guard isEnding, isEmpty else { return }
      hasEnded = try socket.shutdownSending()
      isEmpty = hasEnded
    } catch {
      // The server takes no more; what it has sent before is still received, then the reason.
      unsent = []
      isEmpty = true
      hasEnded = true
    }
  }
}

// The client in a pipe: standard input to the server, the server's data to standard output, both at
// once, so that neither side can block the other. No more is taken from a side than one piece that the
// other side has not taken yet. Used by the main thread.

import Glibc
import LinuxSystem
import SystemPackage
import ThrongHandlers

package struct PipeClient {
  private var escaper = TerminalEscaper(isEnabled: StandardOutput.isTerminal)
  /// While there is some that the kernel has not taken, no more is read.
  private var sendBuffer = SendBuffer()
  private var hasServerEnded = false
  /// What standard output has not taken. While there is some, nothing more is received.
  private var unwritten: ArraySlice<UInt8> = []

  private static let pieceSize = 64 * 1024

  package init() {}

  /// Returns when the server has closed and all that it sent is written.
  package mutating func run(_ socket: borrowing ClientSocket, _ poller: borrowing Poller) throws {
    while !hasServerEnded || !unwritten.isEmpty {
      let isReceiving = !hasServerEnded && unwritten.isEmpty
      let isSending = !hasServerEnded && !sendBuffer.isEmpty
      let isReading = !hasServerEnded && !sendBuffer.hasEnded && sendBuffer.isEmpty
      let events = (isReceiving ? POLLIN : 0) | (isSending ? POLLOUT : 0)
      var entries = [
        pollfd(STDIN_FILENO, POLLIN, wanted: isReading),
        pollfd(socket.descriptor, events, wanted: events != 0),
        pollfd(StandardOutput.descriptor.descriptor, POLLOUT, wanted: !unwritten.isEmpty),
      ]
      _ = try poller.wait(for: &entries)
      if entries[0].isReadable { try readInput(socket) }
      if isReceiving, entries[1].isReadable { try receive(socket) }
      if isSending, entries[1].isWritable { sendBuffer.flush(socket) }
      if !unwritten.isEmpty, let count = try poller.writeSome(unwritten) {
        unwritten = unwritten.dropFirst(count)
      }
    }
  }

  private mutating func readInput(_ socket: borrowing ClientSocket) throws(TerminalClientError) {
    do throws(Errno) {
      guard let piece = try Descriptor.read(STDIN_FILENO, atMost: Self.pieceSize) else { return }
      if piece.isEmpty { sendBuffer.end(socket) } else { sendBuffer.send(piece, socket) }
    } catch .badFileDescriptor {
      sendBuffer.end(socket)
    } catch {
      throw .cannotRead(.standardInput, error)
    }
  }

  private mutating func receive(_ socket: borrowing ClientSocket) throws(TerminalClientError) {
    guard let bytes = try socket.receive(atMost: Self.pieceSize) else { return }
    hasServerEnded = bytes.isEmpty
    unwritten = (hasServerEnded ? escaper.finish() : escaper.escape(bytes))[...]
  }
}

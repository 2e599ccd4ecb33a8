// The client in a pipe: standard input to the server, the server's data to standard output, both at
// once, so that neither side can block the other. No more is taken from a side than one piece that the
// other side has not taken yet.

import Glibc
import LinuxSystem
import SystemPackage
import ThrongHandlers

/// One conversation. Used by the main thread.
package struct Relay {
  private var output = PeerOutput()
  /// While there is some that the kernel has not taken, no more is read.
  private var outbound = Outbound()
  private var hasServerEnded = false
  /// What standard output has not taken. While there is some, nothing more is received.
  private var unwritten: ArraySlice<UInt8> = []
  private let standardOutput = StandardOutput.descriptor

  package init() {}

  private static let pieceSize = 64 * 1024

  /// Returns when the server has closed and all that it said is written.
  package mutating func run(
    _ socket: borrowing ClientSocket, _ interruption: borrowing Interruption
  ) throws {
    while !hasServerEnded || !unwritten.isEmpty {
      let isReceiving = !hasServerEnded && unwritten.isEmpty
      let isSending = !hasServerEnded && !outbound.isEmpty
      let isReading = !hasServerEnded && !outbound.hasEnded && outbound.isEmpty
      let events = (isReceiving ? POLLIN : 0) | (isSending ? POLLOUT : 0)
      var interests = [
        Interest(STDIN_FILENO, POLLIN, wanted: isReading),
        // The end of the connection is reported even when it is not asked for (poll(2)).
        Interest(socket.descriptor, events, wanted: events != 0),
        Interest(standardOutput.descriptor, POLLOUT, wanted: !unwritten.isEmpty),
      ]
      _ = try interruption.wait(for: &interests)
      if interests[0].isReadable { try readInput(socket) }
      if isReceiving, interests[1].isReadable { try takeFromServer(socket) }
      if isSending, interests[1].isWritable { outbound.flush(socket) }
      if !unwritten.isEmpty { try writeOut(interruption) }
    }
  }

  private mutating func readInput(_ socket: borrowing ClientSocket) throws(TerminalClientError) {
    let piece: [UInt8]
    do throws(Errno) {
      guard let read = try Descriptor.read(STDIN_FILENO, atMost: Self.pieceSize) else { return }
      piece = read
    } catch .badFileDescriptor {
      piece = []
    } catch {
      throw TerminalClientError("cannot read standard input: \(error.sentence)")
    }
    if piece.isEmpty {
      outbound.end(socket)
    } else {
      outbound.send(piece, socket)
    }
  }

  private mutating func takeFromServer(_ socket: borrowing ClientSocket) throws(TerminalClientError)
  {
    guard let bytes = try socket.receiveOrFail(atMost: Self.pieceSize) else { return }
    hasServerEnded = bytes.isEmpty
    unwritten = (hasServerEnded ? output.finish() : output.take(bytes))[...]
  }

  private mutating func writeOut(_ interruption: borrowing Interruption) throws {
    guard let count = try interruption.writeSome(unwritten, to: standardOutput) else { return }
    unwritten = unwritten.dropFirst(count)
  }
}

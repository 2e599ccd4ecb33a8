// The interactive client: standard input to the server, the server's data to standard output, both at
// once, so that neither side can block the other.

import CEpollShim
import Glibc
import SystemPackage
import ThrongHandlers

/// One conversation. Used by the main thread.
struct Relay {
  private var output = PeerOutput()
  /// While there is some that the kernel has not taken, no more is read.
  private var outbound = Outbound()
  private var hasServerEnded = false

  private static let pieceSize = 64 * 1024

  /// Returns when the server closes.
  mutating func run(
    _ socket: borrowing ClientSocket, _ interruption: borrowing Interruption
  ) throws {
    while !hasServerEnded {
      var interests = [
        Interest(STDIN_FILENO, POLLIN, wanted: !outbound.hasEnded && outbound.isEmpty),
        Interest(socket.descriptor, outbound.isEmpty ? POLLIN : POLLIN | POLLOUT),
      ]
      _ = try interruption.wait(for: &interests)
      if interests[0].isReadable { try readInput(socket) }
      if interests[1].isReadable { try takeFromServer(socket) }
      if interests[1].isWritable { outbound.flush(socket) }
    }
    try writing { () throws(Errno) in try output.finish() }
  }

  private mutating func readInput(_ socket: borrowing ClientSocket) throws(Failure) {
    var failure = 0
    let piece = [UInt8](unsafeUninitializedCapacity: Self.pieceSize) { buffer, count in
      let result = shim_read(STDIN_FILENO, buffer.baseAddress, buffer.count)
      count = max(0, result)
      failure = min(0, result)
    }
    if failure == -Int(EAGAIN) || failure == -Int(EINTR) { return }
    if failure < 0, failure != -Int(EBADF) {
      throw Failure("cannot read standard input: \(Errno(rawValue: CInt(-failure)).sentence)")
    }
    if piece.isEmpty {
      outbound.end(socket)
    } else {
      outbound.send(piece, socket)
    }
  }

  private mutating func takeFromServer(_ socket: borrowing ClientSocket) throws(Failure) {
    guard let bytes = try socket.receiveOrFail(atMost: Self.pieceSize) else { return }
    hasServerEnded = bytes.isEmpty
    try writing { () throws(Errno) in try output.write(bytes) }
  }

  private func writing(_ body: () throws(Errno) -> Void) throws(Failure) {
    do {
      try body()
    } catch {
      throw Failure("cannot write to standard output: \(error.sentence)")
    }
  }
}

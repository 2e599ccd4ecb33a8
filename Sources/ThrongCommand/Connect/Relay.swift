// The interactive client: standard input to the server, the server's data to standard output, both at
// once, so that neither side can block the other.

import CEpollShim
import Glibc
import SystemPackage
import ThrongHandlers

/// One conversation. Used by the main thread.
struct Relay {
  private var output = PeerOutput()
  /// Input that the kernel has not taken yet. While there is some, no more is read.
  private var unsent: ArraySlice<UInt8> = []
  private var hasInputEnded = false
  private var hasServerEnded = false

  private static let pieceSize = 64 * 1024

  /// Returns when the server closes.
  mutating func run(
    _ socket: borrowing ClientSocket, _ interruption: borrowing Interruption
  ) throws {
    while !hasServerEnded {
      var interests = [
        Interest(STDIN_FILENO, POLLIN, wanted: !hasInputEnded && unsent.isEmpty),
        Interest(socket.descriptor, unsent.isEmpty ? POLLIN : POLLIN | POLLOUT),
      ]
      _ = try interruption.wait(for: &interests)
      if interests[0].isReadable { try readInput(socket) }
      if interests[1].isReadable { try takeFromServer(socket) }
      if interests[1].isWritable { sendToServer(socket) }
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
      hasInputEnded = true
      socket.closeOutbound()
    } else {
      unsent = piece[...]
      sendToServer(socket)
    }
  }

  private mutating func takeFromServer(_ socket: borrowing ClientSocket) throws(Failure) {
    do {
      guard let bytes = try socket.receive(atMost: Self.pieceSize) else { return }
      hasServerEnded = bytes.isEmpty
      try writing { () throws(Errno) in try output.write(bytes) }
    } catch let failure as Failure {
      throw failure
    } catch let error as Errno {
      throw Failure("lost the connection: \(error.sentence)")
    } catch {
      throw Failure("\(error)")
    }
  }

  private mutating func sendToServer(_ socket: borrowing ClientSocket) {
    do {
      unsent = unsent.dropFirst(try socket.send(unsent))
    } catch {
      // The server takes no more; what it has sent before is still received, then the reason.
      unsent = []
      hasInputEnded = true
    }
  }

  private func writing(_ body: () throws(Errno) -> Void) throws(Failure) {
    do {
      try body()
    } catch {
      throw Failure("cannot write to standard output: \(error.sentence)")
    }
  }
}

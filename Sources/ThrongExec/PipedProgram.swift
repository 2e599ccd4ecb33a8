// Copies between a client and its program's pipes, in both directions at once. Each copies one piece at a time
// and waits until the other side has taken it, so that a side that does not read holds the other one up.

import Throng

struct PipedProgram: Sendable {
  let child: Child
  let input: ProgramPipe
  let output: ProgramPipe

  /// How many pieces in a row are copied before other connections of the loop have their turn.
  private static let piecesInARow = 4

  /// Returns when the program's processes have ended.
  /// - Parameter terminate: called when the client is gone.
  func serve(_ connection: Connection, terminate: @escaping @Sendable () -> Void) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await copyInput(of: connection, terminate)
        input.close()
      }
      await copyOutput(to: connection, terminate)
      output.close()
      if await child.wait(past: .running) == .survived { _ = await child.wait(past: .survived) }
      group.cancelAll()
    }
  }

  private func copyInput(of connection: Connection, _ terminate: () -> Void) async {
    do {
      while let bytes = try await connection.receive() {
        guard await input.write(bytes) else { return }
      }
    } catch is CancellationError {
    } catch ConnectionError.truncated {
      // As without TLS: the program cannot be told more than that the input has ended.
    } catch {
      terminate()
    }
  }

  private func copyOutput(to connection: Connection, _ terminate: () -> Void) async {
    do {
      var count = 0
      while let bytes = await output.read() {
        try await connection.send(bytes)
        count += 1
        if count.isMultiple(of: Self.piecesInARow) { await Task.yield() }
      }
      connection.closeOutbound()
    } catch {
      terminate()
    }
  }
}

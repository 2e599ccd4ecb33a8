// Serves each client with a program of its own. Its standard input and output are the client's socket, as
// inetd(8) does it: its bytes do not pass through this process. Where TLS lies between, they are pipes, which
// `PipedProgram` copies. Runs as the connection's handler.

import Glibc
import LinuxSystem
import Logging
import SystemPackage
import Throng

/// Starts a program for each client, and keeps the connection's place until its processes have ended.
package struct ExecHandler: Handler, Sendable {
  private let command: ExecCommand
  private let children: Children
  private let log: Logger

  /// - Throws: EMFILE, ENFILE or ENOMEM when programs could not be watched; EAGAIN without a thread.
  package init(_ command: ExecCommand, log: Logger) throws(Errno) {
    self.command = command
    self.log = log
    children = try Children()
  }

  package func handle(_ connection: Connection) async throws {
    if connection.security == nil {
      try await serveWithSocket(connection)
    } else {
      try await serveWithPipes(connection)
    }
  }

  private func serveWithSocket(_ connection: Connection) async throws {
    let socket = try connection.lendSocket()
    let child: Child
    do {
      defer { Descriptor.close(socket) }
      child = try start(connection, input: socket, output: socket)
    } catch {
      connection.takeSocketBack()
      throw error
    }
    await withTaskCancellationHandler {
      if await child.wait(past: .running) == .over { return connection.takeSocketBack() }
      // The client sees the end when the last of them has closed the socket.
      log.debug("the program has ended and left processes", metadata: child.metadata)
      connection.leaveSocket()
      _ = await child.wait(past: .survived)
    } onCancel: {
      children.terminate(child)
    }
    report(child)
  }

  private func serveWithPipes(_ connection: Connection) async throws {
    let input = try ProgramPipe(.toProgram, children)
    let output = try ProgramPipe(.fromProgram, children)
    let child = try start(connection, input: input.programEnd, output: output.programEnd)
    input.closeProgramEnd()
    output.closeProgramEnd()
    let program = PipedProgram(child: child, input: input, output: output)
    await withTaskCancellationHandler {
      await program.serve(connection) { children.terminate(child) }
    } onCancel: {
      children.terminate(child)
    }
    report(child)
  }

  private func start(_ connection: Connection, input: CInt, output: CInt) throws -> Child {
    var errors = try Pipe()
    let identifier: pid_t
    do throws(Errno) {
      identifier = try Spawn.start(
        command.words, input: .descriptor(input), output: .descriptor(output),
        errors: .descriptor(errors.writeEnd),
        environment: ExecEnvironment.entries(
          remote: connection.remoteAddress, local: connection.localAddress,
          security: connection.security))
    } catch {
      throw ExecError.cannotStart(command.words[0], error)
    }
    errors.closeWriteEnd()
    let child = try children.watch(identifier, errors: errors, connection: connection.id, log)
    log.debug("connection \(connection.id): started \(command.words[0])", metadata: child.metadata)
    return child
  }

  private func report(_ child: Child) {
    switch child.end {
    case nil: break
    case .status(0): log.debug("the program has ended", metadata: child.metadata)
    case .status(let status):
      log.info("the program has ended with status \(status)", metadata: child.metadata)
    case .signal(let signal):
      log.info("the program was ended by signal \(signal)", metadata: child.metadata)
    }
  }
}

/// Why no program serves a client.
enum ExecError: Error, Equatable, CustomStringConvertible {
  case cannotStart(String, Errno)

  var description: String {
    switch self {
    case .cannotStart(let program, let error): "cannot start '\(program)': \(error)"
    }
  }
}

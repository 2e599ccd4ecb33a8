// Serves each client with a program of its own, whose standard input and output are the client's socket
// (as inetd(8) does): its bytes do not pass through this process. Runs as the connection's handler.

import Glibc
import LinuxSystem
import Logging
import SystemPackage
import Throng

/// Starts a program for each client, and keeps the connection open until the program has ended.
package struct ExecHandler: Handler {
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
    // A program on the client's socket would send plain text in the middle of TLS.
    guard connection.security == nil else { throw ExecError.encrypted }
    let child = try start(connection)
    log.debug("connection \(connection.id): started \(command.words[0])", metadata: child.metadata)
    let end = await withTaskCancellationHandler {
      await child.end()
    } onCancel: {
      children.terminate(child)
    }
    // The program has needed a socket that blocks; the event loop needs one that does not.
    if let socket = try? connection.duplicateDescriptor() {
      Descriptor.setNonBlocking(socket, true)
      Descriptor.close(socket)
    }
    report(end, child)
  }

  private func start(_ connection: Connection) throws -> Child {
    let socket = try connection.duplicateDescriptor()
    defer { Descriptor.close(socket) }
    var errors = try Pipe()
    Descriptor.setNonBlocking(socket, false)
    let identifier: pid_t
    do throws(Errno) {
      identifier = try Spawn.start(
        command.words, input: .descriptor(socket), output: .descriptor(socket),
        errors: .descriptor(errors.writeEnd),
        environment: ExecEnvironment.entries(
          remote: connection.remoteAddress, local: connection.localAddress))
    } catch {
      Descriptor.setNonBlocking(socket, true)
      throw ExecError.cannotStart(command.words[0], error)
    }
    errors.closeWriteEnd()
    return try children.watch(identifier, errors: errors, connection: connection.id, log)
  }

  private func report(_ end: ProcessEnd, _ child: Child) {
    switch end {
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
  /// The client speaks TLS, which programs do not.
  case encrypted

  var description: String {
    switch self {
    case .cannotStart(let program, let error): "cannot start '\(program)': \(error)"
    case .encrypted: "programs cannot serve clients that use TLS"
    }
  }
}

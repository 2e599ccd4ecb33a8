// Faults that end the command, or keep it from starting: one sentence and status 1, never a signal.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct FaultEndTests {
  /// After this the loop cannot wait for events any more.
  @Test(arguments: everyModel, ["EINVAL", "EBADF", "EFAULT"])
  func aFailedWaitForEventsEndsTheServerWithOneSentence(model: [String], error: String) throws {
    for when in ["nth:1", "from:1"] {
      let faulty = try FaultyProgram("epoll_wait=\(error)/\(when)")
      try faulty.serve(["--handler", "echo", "--drain-timeout", "1s"] + model) { server in
        let port = try #require(UInt16(server.port))
        faulty.board.isOn = true
        // Wakes the loop, which waits again. A loop that has failed meanwhile refuses it.
        let descriptor = try? EchoTraffic.connection(to: port)
        defer { if let descriptor { close(descriptor) } }
        #expect(try server.program.waitForEnd() == .status(1), "\(when)")
        #expect(faulty.board.faults() > 0)
        expectOneSentence(server.program.errors.text)
      }
    }
  }

  /// The loop may fail before the server begins to watch over it.
  @Test(arguments: everyModel)
  func aFailureOfTheFirstWaitIsReportedToo(model: [String]) throws {
    for _ in 0..<20 {
      let faulty = try FaultyProgram("epoll_wait=EBADF/from:1", fromStart: true)
      let result = try faulty.run(["serve", "--host", "127.0.0.1", "--port", "0"] + model)
      #expect(result.end == .status(1))
      expectOneSentence(result.errors)
    }
  }

  private func expectOneSentence(_ errors: String) {
    let sentences = errors.split(separator: "\n").filter { $0.hasPrefix("throng: ") }
    #expect(sentences.count == 1, "\(errors)")
    #expect(sentences.first?.contains("epoll_wait") == true, "\(errors)")
  }

  /// Profiles of older container engines answer EPERM to calls that they do not know.
  @Test(arguments: ["EPERM", "ENOSYS"])
  func theLoadGeneratorWaitsWithoutEpollPwait2(error: String) throws {
    try ServeProgram.run(["--handler", "echo"]) { server in
      let faulty = try FaultyProgram("epoll_pwait2=\(error)/from:1", fromStart: true)
      let result = try faulty.run(
        ["bench", "127.0.0.1:\(server.port)", "--duration", "300ms", "--warmup", "0s"])
      #expect(faulty.board.faults() > 0)
      #expect(result.end == .status(0), "\(result.errors)")
    }
  }

  /// It went on without a pause and ignored SIGINT.
  @Test func aFailedPollEndsTheClientWithOneSentence() throws {
    try ServeProgram.run(["--handler", "echo"]) { server in
      let faulty = try FaultyProgram("poll=ENOMEM/from:1", fromStart: true)
      let result = try faulty.run(["connect", "127.0.0.1", server.port])
      #expect(faulty.board.faults() > 0)
      #expect(result.end == .status(1))
      #expect(result.errors.hasPrefix("throng: cannot wait for the connection: poll fails: "))
      #expect(result.errors.split(separator: "\n").count == 1)
    }
  }

  @Test(
    arguments: everyModel,
    [
      "socket=EMFILE", "socket=ENOBUFS", "bind=EADDRINUSE", "bind=EACCES", "listen=EADDRINUSE",
      "epoll_create1=EMFILE", "epoll_create1=ENOMEM", "eventfd=EMFILE", "eventfd=ENODEV",
      "signalfd=EMFILE", "signalfd=ENOMEM", "epoll_ctl_add=ENOSPC", "epoll_ctl_add=ENOMEM",
      "setsockopt=ENOMEM", "getsockname=ENOBUFS",
    ])
  func aServerThatCannotStartSaysWhyInOneSentence(model: [String], fault: String) throws {
    let faulty = try FaultyProgram("\(fault)/from:1", fromStart: true)
    let result = try faulty.run(["serve", "--host", "127.0.0.1", "--port", "0"] + model)
    #expect(faulty.board.faults() > 0)
    #expect(result.end == .status(1), "\(result.errors)")
    #expect(result.errors.hasPrefix("throng: "), "\(result.errors)")
    #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
  }
}

// Faults that keep the command from starting: one sentence and status 1, never a signal.

import Foundation
import Testing

@Suite struct FaultEndTests {
  @Test(
    arguments: everyModel,
    [
      "socket=EMFILE", "socket=ENOBUFS", "bind=EADDRINUSE", "bind=EACCES", "listen=EADDRINUSE",
      "epoll_create1=EMFILE", "epoll_create1=ENOMEM", "eventfd=EMFILE", "eventfd=ENODEV",
      "epoll_ctl_add=ENOSPC", "epoll_ctl_add=ENOMEM",
      "setsockopt=ENOMEM",
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

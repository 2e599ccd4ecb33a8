// `throng bench` when system calls of the generator itself fail: it ends, obeys SIGINT, and names the
// remedy of the limit that was met.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct BenchFaultTests {
  /// Load threads and the thread that coordinates them wake each other through an eventfd.
  @Test(arguments: ["every:3", "from:1"])
  func theBenchmarkEndsWithoutWakeups(when: String) throws {
    try ServeProgram.run(["--handler", "echo"]) { server in
      let faulty = try FaultyProgram("eventfd_write=EIO/\(when)", fromStart: true)
      let result = try faulty.run(
        ["bench", "127.0.0.1:\(server.port)", "--duration", "300ms", "--warmup", "0s", "--quiet"])
      #expect(faulty.board.faults() > 0)
      #expect(result.end == .status(0), "\(result.errors)")
    }
  }

  @Test(arguments: ["every:3", "from:1"])
  func aSignalEndsTheBenchmarkWithoutWakeups(when: String) throws {
    try ServeProgram.run(["--handler", "echo"]) { server in
      let faulty = try FaultyProgram("eventfd_write=EIO/\(when)", fromStart: true)
      let program = try Program(
        "/usr/bin/env",
        faulty.wrapper.dropFirst()
          + [ThrongProgram.path, "bench", "127.0.0.1:\(server.port)", "--duration", "1h"])
      defer { program.kill() }
      _ = try program.errors.wait(for: "1 s: ")
      program.send(SIGINT)
      #expect(try program.waitForEnd() == .status(130))
    }
  }

  @Test(arguments: [
    ("epoll_create1=EMFILE", "(raise ulimit -n)"), ("eventfd=ENFILE", "(raise fs.file-max)"),
    ("epoll_create1=ENOMEM", "(free memory, or raise the memory limit)"),
    ("epoll_ctl_add=ENOSPC", "(raise fs.epoll.max_user_watches)"),
    ("pthread_create=EAGAIN", "(raise ulimit -u, "),
  ])
  func theErrorNamesTheLimitThatWasMet(fault: String, remedy: String) throws {
    let faulty = try FaultyProgram("\(fault)/from:1", fromStart: true)
    let result = try faulty.run(["bench", "127.0.0.1:1"])
    #expect(faulty.board.faults() > 0)
    #expect(result.end == .status(1))
    #expect(result.errors.hasPrefix("throng: cannot ") && result.errors.contains(remedy))
    #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
  }
}

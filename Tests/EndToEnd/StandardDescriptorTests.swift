// Standard output and error that are not read, have no reader, or are closed: clients are served, and
// signals are heeded.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct StandardDescriptorTests {
  @Test(arguments: everyModel)
  func anUnreadStandardErrorHoldsUpNothing(model: [String]) throws {
    let flags = ["--handler", "echo", "--log-level", "debug", "--stats"]
    // The pipe and the queue hold about 1,050 lines; each client makes two.
    try ServeProgram.run(flags + model, errors: .paused(afterLines: 1)) { server in
      let visitors = try PythonClient.start(server, PythonClient.visitors(800))
      defer { visitors.kill() }
      try visitors.output.wait(for: "all were answered")
      server.program.send(SIGUSR1)
      server.program.send(SIGTERM)
      #expect(try server.program.waitForEnd() == .status(0))
    }
  }

  @Test func linesThatWereDroppedAreCountedOnceStandardErrorIsReadAgain() throws {
    let flags = ["--handler", "echo", "--log-level", "debug"]
    try ServeProgram.run(flags, errors: .paused(afterLines: 1)) { server in
      let visitors = try PythonClient.start(server, PythonClient.visitors(800))
      defer { visitors.kill() }
      try visitors.output.wait(for: "all were answered")
      server.program.errors.resume()
      let note = try server.program.errors.wait(for: "standard error did not take them")
      let count = try #require(Int(note.split(separator: " ")[2]))
      server.program.send(SIGTERM)
      #expect(try server.program.waitForEnd() == .status(0))
      // Two lines for each client, in order, whole; `seq` shows which are missing.
      let ids = server.program.errors.lines.filter {
        $0.contains("debug: connection") && $0.contains("from")
      }
      .compactMap { Int($0.split(separator: " ")[3]) }
      #expect(ids == ids.sorted() && ids.first == 1)
      let lines = server.program.errors.lines.count { $0.contains("debug: connection") }
      #expect(lines + count == 1600)
    }
  }

  @Test func outputQueueSaysHowMuchWaitsForAReader() throws {
    for (flags, drops) in [([], false), (["--output-queue", "4k"], true)] {
      let all = ["--handler", "echo", "--log-level", "debug"] + flags
      try ServeProgram.run(all, errors: .paused(afterLines: 1)) { server in
        // 200 lines of about 70 bytes.
        let visitors = try PythonClient.start(server, PythonClient.visitors(100))
        defer { visitors.kill() }
        try visitors.output.wait(for: "all were answered")
        server.program.send(SIGTERM)
        server.program.errors.resume()
        #expect(try server.program.waitForEnd() == .status(0))
        let note = server.program.errors.text.contains("standard error did not take them")
        #expect(note == drops)
      }
    }
  }

  @Test(arguments: everyModel)
  func anUnreadStandardOutputHoldsUpNeitherClientsNorSignals(model: [String]) throws {
    try ServeProgram.run(model, output: .paused(afterLines: 0)) { server in
      // Each sends 1,000 bytes to be printed; 260 KiB fit.
      let visitors = try PythonClient.start(server, PythonClient.visitors(500))
      defer { visitors.kill() }
      try visitors.output.wait(for: "all were answered")
      try server.program.errors.wait(for: "standard output is not read")
      server.program.output.resume()
      try server.program.output.wait(for: "100 ")
      _ = try server.netcat("read again\n")
      try server.program.errors.wait(for: "bytes that clients sent were not printed")
      server.program.send(SIGTERM)
      #expect(try server.program.waitForEnd() == .status(0))
      let complaints = server.program.errors.lines.count { $0.contains("is not read") }
      #expect(complaints == 1)
    }
  }

  @Test func printedBytesKeepTheirOrderWhenSomeAreDropped() throws {
    try ServeProgram.run([], output: .paused(afterLines: 0)) { server in
      let visitors = try PythonClient.start(server, PythonClient.visitors(500))
      defer { visitors.kill() }
      try visitors.output.wait(for: "all were answered")
      server.program.send(SIGTERM)
      server.program.output.resume()
      #expect(try server.program.waitForEnd() == .status(0))
      let printed = server.program.output.lines.map { $0.filter { $0 != " " } }
      #expect(printed.count >= 200 && printed == (0..<printed.count).map { "\($0)" })
      let line = server.program.errors.lines.first { $0.contains("were not printed") }
      #expect(line?.contains("\((500 - printed.count) * 1000) bytes") == true)
    }
  }

  @Test func aReaderOfStandardErrorThatHasGoneIsNoReasonToEnd() throws {
    let path = temporaryPath()
    let server = try Program(
      ThrongProgram.path, ["serve", "--handler", "echo", "--unix", path], errors: .closed)
    defer { server.kill() }
    #expect(try echoed(over: path, "hello") == "hello")
    server.send(SIGTERM)
    #expect(try server.waitForEnd() == .status(0))
    let usage = try Program(ThrongProgram.path, ["serve", "--prot"], errors: .closed)
    defer { usage.kill() }
    #expect(try usage.waitForEnd() == .status(64))
  }

  @Test(arguments: 1...7, [[], ["--mode", "thread-pool"]])
  func closedStandardDescriptorsAreNotTakenByAnythingElse(closed: Int, model: [String]) throws {
    let path = temporaryPath()
    let redirections = ["<&-", ">&-", "2>&-"].enumerated()
      .filter { closed >> $0.offset & 1 == 1 }.map(\.element).joined(separator: " ")
    let script = "exec \"$0\" serve --unix \(path) \"$@\" \(redirections)"
    let server = try Program("/bin/sh", ["-c", script, ThrongProgram.path] + model)
    defer { server.kill() }
    // Eight bytes are what an eventfd takes.
    for _ in 0..<3 { #expect(try echoed(over: path, "12345678") == greeting + greeting) }
    for descriptor in 0..<3 where closed >> descriptor & 1 == 1 {
      let target = try FileManager.default.destinationOfSymbolicLink(
        atPath: "/proc/\(server.identifier)/fd/\(descriptor)")
      #expect(target == "/dev/null")
    }
    server.send(SIGTERM)
    #expect(try server.waitForEnd() == .status(0))
  }

  /// What a client that sends the text and then FIN receives; socat tries again until the socket is there.
  private func echoed(over path: String, _ text: String) throws -> String {
    let received = try Program.run(
      "socat", ["-t20", "-", "UNIX-CONNECT:\(path),retry=400,interval=0.05"], input: Data(text.utf8)
    )
    return String(decoding: received, as: UTF8.self)
  }
}

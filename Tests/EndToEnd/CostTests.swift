// What a message costs, counted and not timed: system calls by strace, allocations by an interposed
// malloc. The same server is given more and fewer messages; what differs is what the messages cost.

import Foundation
import TestSupport
import Testing

@Suite(
  .blocking,
  .enabled(
    if: ThrongProgram.releasePath != nil,
    "a debug build costs more: `make test` builds the release and sets THRONG_RELEASE"))
struct CostTests {
  private static let few = 1000
  private static let many = 5000
  private static let more = many - few

  @Test(arguments: ["echo", "event-echo"])
  func anEchoUnderTheReactorMakesNoOtherCallThanItMust(handler: String) throws {
    let calls = try systemCalls(["--handler", handler])
    #expect(calls["recvfrom"] == Self.more)
    #expect(calls["sendto"] == Self.more)
    #expect(calls["epoll_wait", default: 0] <= Self.more + 20)
    #expect(others(calls, than: ["recvfrom", "sendto", "epoll_wait"]) < 20, "\(calls)")
  }

  @Test func anEchoOnAThreadOfItsOwnReceivesAndSendsAndNothingElse() throws {
    let calls = try systemCalls(["--handler", "echo", "--mode", "thread-per-client"])
    #expect(calls["recvfrom"] == Self.more)
    #expect(calls["sendto"] == Self.more)
    #expect(others(calls, than: ["recvfrom", "sendto"]) < 20, "\(calls)")
  }

  @Test func anEchoInAPoolOnlyRearmsBesides() throws {
    let calls = try systemCalls(["--handler", "echo", "--mode", "thread-pool", "--threads", "1"])
    #expect(calls["recvfrom"] == Self.more)
    #expect(calls["sendto"] == Self.more)
    #expect(calls["epoll_ctl"] == Self.more)
    let known = ["recvfrom", "sendto", "epoll_ctl", "epoll_wait"]
    #expect(others(calls, than: known) < 20, "\(calls)")
  }

  @Test(arguments: everyModel, ["echo", "event-echo"])
  func anEchoAllocatesNothing(model: [String], handler: String) throws {
    let library = try Self.mallocCounter.get()
    let count = { (messages: Int) throws -> Int in
      var allocations = 0
      try ServeProgram.run(
        ["--handler", handler] + model, wrapper: "env LD_PRELOAD=\(library)",
        path: try #require(ThrongProgram.releasePath)
      ) { server in
        try exchange(messages, with: server)
        try stop(server)
        let line = try #require(server.program.errors.lines.last { $0.hasPrefix("malloc calls: ") })
        allocations = try #require(line.split(separator: " ").last.flatMap { Int($0) })
      }
      return allocations
    }
    #expect(try abs(count(Self.many) - count(Self.few)) < 20)
  }

  // MARK: Counting

  /// How often each call was made for `more` messages.
  private func systemCalls(_ flags: [String]) throws -> [String: Int] {
    let few = try systemCalls(flags, messages: Self.few)
    return try systemCalls(flags, messages: Self.many).merging(few) { $0 - $1 }
  }

  private func systemCalls(_ flags: [String], messages: Int) throws -> [String: Int] {
    let file = NSTemporaryDirectory() + "throng-calls-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: file) }
    try ServeProgram.run(
      flags, wrapper: "strace -D -f -c -o \(file)", path: try #require(ThrongProgram.releasePath)
    ) { server in
      try exchange(messages, with: server)
      try stop(server)
    }
    return try Self.table(file)
  }

  /// The tracer writes its table once the server has ended.
  private static func table(_ file: String) throws -> [String: Int] {
    let written = try Program.run(
      "timeout", ["60", "sh", "-c", "until grep -q total \(file); do :; done; cat \(file)"])
    var calls: [String: Int] = [:]
    for line in String(decoding: written, as: UTF8.self).split(separator: "\n") {
      let columns = line.split(separator: " ")
      guard columns.count >= 5, let count = Int(columns[3]), let name = columns.last else {
        continue
      }
      calls[String(name)] = count
    }
    calls["total"] = nil
    return calls
  }

  private func others(_ calls: [String: Int], than known: [String]) -> Int {
    calls.filter { !known.contains($0.key) }.reduce(0) { $0 + abs($1.value) }
  }

  /// One message after the other.
  private func exchange(_ messages: Int, with server: ServeProgram) throws {
    let client = try PythonClient.start(
      server,
      """
      s = socket.create_connection(("127.0.0.1", port))
      for _ in range(\(messages)):
          s.sendall(bytes(64))
          rest = 64
          while rest: rest -= len(s.recv(rest))
      s.shutdown(socket.SHUT_WR)
      assert s.recv(1) == b""
      """)
    defer { client.kill() }
    #expect(try client.waitForEnd() == .status(0), "\(client.errors.text)")
  }

  private func stop(_ server: ServeProgram) throws {
    server.program.send(SIGTERM)
    #expect(try server.program.waitForEnd() == .status(0))
  }

  /// A library that counts malloc(3) and says so at the end of the process.
  private static let mallocCounter = Result<String, any Error>(catching: {
    let base = NSTemporaryDirectory() + "throng-malloc-\(ProcessInfo.processInfo.processIdentifier)"
    let source = """
      #include <stddef.h>
      #include <stdatomic.h>
      #include <stdio.h>
      extern void *__libc_malloc(size_t);
      static atomic_long calls;
      void *malloc(size_t size) { calls++; return __libc_malloc(size); }
      __attribute__((destructor)) static void report(void) {
        fprintf(stderr, "malloc calls: %ld\\n", calls);
      }
      """
    try source.write(toFile: base + ".c", atomically: true, encoding: .utf8)
    _ = try Program.run("gcc", ["-shared", "-fPIC", "-o", base + ".so", base + ".c"])
    return base + ".so"
  })
}

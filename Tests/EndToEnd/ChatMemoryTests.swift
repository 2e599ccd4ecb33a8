// What an idle member of a chat costs: the server's resident memory, counted in a crowd.

import Foundation
import TestSupport
import Testing

@Suite(
  .blocking,
  .enabled(
    if: ThrongProgram.releasePath != nil,
    "a debug build costs more: `make test` builds the release and sets THRONG_RELEASE"))
struct ChatMemoryTests {
  private static let members = 6000
  private static let allowed = 2560

  /// Enters with the first thousand, and with the others when told to: what the server costs once and
  /// for all is in neither.
  private static let crowd = """
    import resource
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    clients = []
    def enter(count):
        for _ in range(count):
            s = socket.create_connection(("127.0.0.1", port))
            s.settimeout(60)
            s.sendall(b"user%d\\n" % len(clients))
            clients.append(s)
        for s in clients[-count:]:
            heard = b""
            while b"Here with you" not in heard and b"You are alone" not in heard:
                heard += s.recv(65536)
    enter(1000)
    print("some")
    sys.stdin.readline()
    enter(\(members - 1000))
    print("all")
    sys.stdin.read()
    """

  @Test func anIdleMemberCostsLittle() throws {
    let flags = ["--handler", "chat", "--max-connections-per-address", "off"]
    try ServeProgram.run(flags, path: try #require(ThrongProgram.releasePath)) { server in
      let crowd = try PythonClient.start(server, Self.crowd)
      defer { crowd.kill() }
      try crowd.output.wait(for: "some")
      let before = try residentBytes(server.program)
      crowd.write("\n")
      try crowd.output.wait(for: "all")
      let each = try (residentBytes(server.program) - before) / (Self.members - 1000)
      #expect(each > 500 && each <= Self.allowed, "\(each) bytes for each member")
    }
  }

  private func residentBytes(_ program: Program) throws -> Int {
    let path = "/proc/\(program.identifier)/status"
    let line = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
      .first { $0.hasPrefix("VmRSS:") }
    return try #require(line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }) * 1024
  }
}

// What an idle client costs, and one that is a member of a chat: the server's resident memory, counted in a crowd.

import Foundation
import TestSupport
import Testing

@Suite(
  .blocking,
  .enabled(
    if: ThrongProgram.releasePath != nil,
    "a debug build costs more: `make test` builds the release and sets THRONG_RELEASE"))
struct IdleMemoryTests {
  /// The handlers, what they answer to a client's first line, and the bytes that a client may cost.
  enum Server: String, CaseIterable {
    case chat, echo
    case eventEcho = "event-echo"

    var answers: [String] { self == .chat ? ["Here with you", "You are alone"] : ["user"] }

    var allowed: Int {
      switch self {
      case .chat: 2300
      case .echo: 1600
      case .eventEcho: 250
      }
    }
  }

  private static let clients = 10_000

  /// Enters with the first thousand, and with the others when told to: what the server costs once and
  /// for all is in neither.
  private static func crowd(_ server: Server) -> String {
    """
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
            while not any(answer.encode() in heard for answer in \(server.answers)):
                heard += s.recv(65536)
    enter(1000)
    print("some")
    sys.stdin.readline()
    enter(\(clients - 1000))
    print("all")
    sys.stdin.read()
    """
  }

  @Test(arguments: Server.allCases)
  func anIdleClientCostsLittle(_ kind: Server) throws {
    let flags = ["--handler", kind.rawValue, "--max-connections-per-address", "off"]
    try ServeProgram.run(flags, path: try #require(ThrongProgram.releasePath)) { server in
      let crowd = try PythonClient.start(server, Self.crowd(kind))
      defer { crowd.kill() }
      try crowd.output.wait(for: "some")
      let before = try residentBytes(server.program)
      crowd.write("\n")
      try crowd.output.wait(for: "all")
      let each = try (residentBytes(server.program) - before) / (Self.clients - 1000)
      #expect(each > 150 && each <= kind.allowed, "\(each) bytes for each client of \(kind)")
    }
  }

  private func residentBytes(_ program: Program) throws -> Int {
    let path = "/proc/\(program.identifier)/status"
    let line = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
      .first { $0.hasPrefix("VmRSS:") }
    return try #require(line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }) * 1024
  }
}

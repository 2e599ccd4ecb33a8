// Where `throng serve` listens, and what it says when it cannot.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct ListeningTests {
  @Test func quietSaysNothing() throws {
    let path = temporaryPath()
    let program = try Program(ThrongProgram.path, ["serve", "--quiet", "--unix", path])
    defer { program.kill() }
    // socat tries again until the socket is there.
    _ = try Program.run(
      "socat", ["-u", "OPEN:/dev/null", "UNIX-CONNECT:\(path),retry=200,interval=0.05"])
    program.send(SIGTERM)
    #expect(try program.waitForEnd() == .status(0))
    #expect(program.errors.text == "")
  }

  @Test func severalAddressesAreAnnouncedEach() throws {
    let path = temporaryPath()
    try ServeProgram.run(["--unix", path, "--unix-mode", "600"]) { server in
      try server.program.errors.wait(for: "listening on \(path) (greet, reactor)")
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      #expect(mode == 0o600)
      #expect(try greetedOver(path) == greeting)
      server.program.send(SIGTERM)
      #expect(try server.program.waitForEnd() == .status(0))
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }

  @Test func aStaleSocketFileIsReplacedAndALiveOneIsNot() throws {
    let path = temporaryPath()
    try ServeProgram.run(["--unix", path]) { $0.program.kill() }
    #expect(FileManager.default.fileExists(atPath: path), "killed, so it has left its file")
    try ServeProgram.run(["--unix", path]) { server in
      #expect(try greetedOver(path) == greeting)
      let second = try ThrongProgram.run(["serve", "--unix", path])
      #expect(second.end == .status(1))
      #expect(second.errors.contains("cannot listen on \(path): address already in use ("))
    }
    try? FileManager.default.removeItem(atPath: path)
  }

  @Test func aPortInUseIsExplained() throws {
    try ServeProgram.run([]) { server in
      let second = try ThrongProgram.run(["serve", "--host", "127.0.0.1", "--port", server.port])
      #expect(second.end == .status(1))
      #expect(
        second.errors == """
          throng: cannot listen on 127.0.0.1:\(server.port): address already in use (a server listens \
          there or an outgoing connection has this port, see ss -tanp 'sport = :\(server.port)'; choose \
          another port with --port, or keep the port free of outgoing connections with sysctl \
          net.ipv4.ip_local_reserved_ports=\(server.port))

          """)
    }
  }

  /// A newcomer's server must not be reachable from the network without saying so.
  @Test func listeningOnEveryAddressIsAnnouncedAsSuch() throws {
    let program = try Program(ThrongProgram.path, ["serve", "--port", "0"])
    defer { program.kill() }
    let line = try program.errors.wait(for: "listening on ")
    #expect(
      line.contains("all addresses: reachable from the network (--host localhost"))
    program.send(SIGTERM)
    #expect(try program.waitForEnd() == .status(0))
  }

  @Test func anUnknownHostIsExplained() throws {
    let result = try ThrongProgram.run(["serve", "--host", "no-such-host.invalid"])
    #expect(result.end == .status(1))
    #expect(result.errors.hasPrefix("throng: cannot resolve host 'no-such-host.invalid': "))
  }

  @Test(.enabled(if: firstUnprivilegedPort > 81, "the system protects low ports"))
  func aPortBelow1024NeedsARightAndSaysSo() throws {
    let program = try Program(
      "/usr/bin/env",
      (getuid() == 0 ? ["setpriv", "--bounding-set=-net_bind_service"] : [])
        + [ThrongProgram.path, "serve", "--host", "127.0.0.1", "--port", "81"])
    defer { program.kill() }
    #expect(try program.waitForEnd() == .status(1))
    #expect(program.errors.text.contains("permission denied (ports below 1024 need the capability"))
  }

  private func greetedOver(_ path: String) throws -> String {
    let received = try Program.run("socat", ["-t20", "-", "UNIX-CONNECT:\(path)"])
    return String(decoding: received, as: UTF8.self)
  }
}

private let firstUnprivilegedPort: Int = {
  let path = "/proc/sys/net/ipv4/ip_unprivileged_port_start"
  let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? "1024"
  return Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 1024
}()

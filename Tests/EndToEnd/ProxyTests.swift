// The built command behind proxies that we did not write.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct ProxyTests {
  private static let flags = [
    "--exec-shell", "read line; echo $line $TCPREMOTEIP $TCPREMOTEPORT", "--proxy-protocol-from",
    "127.0.0.0/8",
  ]

  @Test func curlIntroducesItself() throws {
    try ServeProgram.run(Self.flags) { (server) throws in
      let text = try Program.run(
        "curl",
        ["-s", "--http0.9", "--haproxy-protocol", "http://127.0.0.1:\(server.port)/path"])
      #expect(
        String(decoding: text, as: UTF8.self).contains(/GET .path HTTP.1.1\r? 127.0.0.1 [0-9]+/))
    }
  }

  @Test(arguments: [
    "send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c,unique-id",
  ])
  func haproxyNamesItsClient(_ option: String) throws {
    try ServeProgram.run(Self.flags) { (server) throws in
      let path = temporaryPath()
      let socket = temporaryPath()
      defer { for path in [path, socket] { try? FileManager.default.removeItem(atPath: path) } }
      let configuration = """
        defaults
          mode tcp
          timeout connect 30s
          timeout client 30s
          timeout server 30s
        frontend front
          bind "fd@${FD}"
          bind unix@\(socket)
          unique-id-format %pid-%rt
          default_backend back
        backend back
          server one 127.0.0.1:\(server.port) \(option)

        """
      try configuration.write(toFile: path, atomically: true, encoding: .utf8)
      let haproxy = try Program("/usr/bin/env", ["python3", "-c", Self.launcher, path])
      defer { haproxy.kill() }
      try eventually("haproxy listens") { FileManager.default.fileExists(atPath: socket) }
      try haproxy.output.wait { $0.hasSuffix("\n") }
      let port = haproxy.output.text.trimmingCharacters(in: .whitespacesAndNewlines)
      let client = try Program.run(
        "nc", ["-N", "127.0.0.1", port], input: Data("hello\n".utf8))
      let answer = String(decoding: client, as: UTF8.self)
      #expect(answer.hasPrefix("hello 127.0.0.1 "), "\(answer), \(haproxy.errors.text)")
      // Over a Unix socket the client has no address: the proxy's stays in place.
      let unnamed = try Program.run("nc", ["-N", "-U", socket], input: Data("unnamed\n".utf8))
      #expect(String(decoding: unnamed, as: UTF8.self).hasPrefix("unnamed 127.0.0.1 "))
    }
  }

  /// HAProxy wants a port, so it gets a socket on one that the kernel has chosen.
  private static let launcher = """
    import os, socket, sys
    front = socket.create_server(("127.0.0.1", 0))
    front.set_inheritable(True)
    os.environ["FD"] = str(front.fileno())
    print(front.getsockname()[1], flush=True)
    os.execv("/usr/sbin/haproxy", ["haproxy", "-db", "-f", sys.argv[1]])
    """
}

// Other programs' TLS against `throng serve`: OpenSSL, GnuTLS, socat, ncat, curl, sslscan.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct SecureToolTests {
  private let text = Data("hello\n".utf8)

  private func authority() throws -> String {
    try TestCertificates.shared.authority.files.certificate
  }

  @Test(arguments: everyModel, ["-tls1_2", "-tls1_3"])
  func openSSLTalksToEveryModel(model: [String], version: String) throws {
    try SecureServer.run(["--handler", "echo"] + model) { (server) throws in
      let client = try Program(
        "/usr/bin/env",
        [
          "openssl", "s_client", "-connect", "127.0.0.1:\(server.port)", "-CAfile", authority(),
          "-verify_return_error", "-quiet", version,
        ])
      defer { client.kill() }
      client.write("hello\n")
      try client.output.wait { $0 == "hello\n" }
    }
  }

  @Test func openSSLResumesASession() throws {
    try SecureServer.run(["--handler", "echo"]) { (server) throws in
      let output = try Program.run(
        "openssl",
        ["s_client", "-connect", "127.0.0.1:\(server.port)", "-tls1_2", "-reconnect"])
      let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
      #expect(lines.count { $0.hasPrefix("Reused, TLSv1.2") } == 5)
    }
  }

  @Test(arguments: everyModel, ["NORMAL:-VERS-TLS1.3", "NORMAL"])
  func gnuTLSTalksToEveryModel(model: [String], priority: String) throws {
    try SecureServer.run(["--handler", "echo"] + model) { (server) throws in
      let output = try Program.run(
        "gnutls-cli",
        [
          "--x509cafile", authority(), "--priority", priority, "--logfile", "/dev/null",
          "localhost:\(server.port)",
        ], input: text)
      #expect(String(decoding: output, as: UTF8.self).contains("hello\n"))
    }
  }

  @Test func socatHalfClosesAndReceivesTheRest() throws {
    let data = Data((0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })
    try SecureServer.run(["--handler", "echo"]) { (server) throws in
      let target = "OPENSSL:127.0.0.1:\(server.port),cafile=\(try authority()),commonname=localhost"
      #expect(try Program.run("socat", ["-t20", "-", target], input: data) == data)
    }
  }

  @Test func ncatTalksToTheServer() throws {
    try SecureServer.run(["--handler", "echo"]) { (server) throws in
      let client = try Program(
        "/usr/bin/env",
        ["ncat", "--ssl-verify", "--ssl-trustfile", authority(), "localhost", server.port])
      defer { client.kill() }
      client.write("hello\n")
      try client.output.wait { $0 == "hello\n" }
    }
  }

  /// The greeting is what HTTP/0.9 would be: a response without a header.
  @Test func curlReceivesTheGreetingAndTheEnd() throws {
    try SecureServer.run([]) { (server) throws in
      let client = try Program(
        "/usr/bin/env",
        [
          "curl", "--silent", "--show-error", "--http0.9", "--no-buffer", "--cacert", authority(),
          "https://localhost:\(server.port)/",
        ])
      defer { client.kill() }
      try client.output.wait { $0.hasPrefix(greeting) }
      server.program.send(SIGTERM)
      #expect(try client.waitForEnd() == .status(0))
    }
  }

  @Test func applicationProtocolsAreAgreedOnOrRefused() throws {
    try SecureServer.run(["--tls-alpn", "chat/2,chat/1"]) { (server) throws in
      let client = { (names: String) in
        try Program(
          "/usr/bin/env",
          ["openssl", "s_client", "-connect", "127.0.0.1:\(server.port)", "-alpn", names],
          input: Data())
      }
      let agreed = try client("chat/1")
      defer { agreed.kill() }
      #expect(try agreed.waitForEnd() == .status(0))
      #expect(agreed.output.text.contains("ALPN protocol: chat/1"))
      let refused = try client("other")
      defer { refused.kill() }
      #expect(try refused.waitForEnd() == .status(1))
      #expect(refused.errors.text.contains("no application protocol"))
    }
  }

  @Test func sslscanFindsNothingOld() throws {
    try SecureServer.run(["--handler", "echo"]) { (server) throws in
      let output = try Program.run("sslscan", ["--no-colour", "127.0.0.1:\(server.port)"])
      let text = String(decoding: output, as: UTF8.self)
      for version in ["SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1"] {
        let line = text.split(separator: "\n").first { $0.hasPrefix(version) }
        #expect(line?.hasSuffix("disabled") == true, "\(version): \(text)")
      }
      for line in ["TLSv1.2   enabled", "TLSv1.3   enabled"] {
        #expect(text.contains(line), "\(line): \(text)")
      }
      #expect(!text.contains("CBC"))
    }
  }
}

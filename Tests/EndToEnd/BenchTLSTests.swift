// `throng bench --tls` against OpenSSL's own server, which answers each line with the line reversed.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct BenchTLSTests {
  private func withServer(_ body: (_ port: String) throws -> Void) throws {
    let files = try TestCertificates.shared.server
    let server = try Program(
      "/usr/bin/env",
      [
        "openssl", "s_server", "-rev", "-accept", "127.0.0.1:0", "-cert", files.certificate,
        "-key", files.key,
      ])
    defer { server.kill() }
    let line = try server.output.wait(for: "ACCEPT ")
    let port = try #require(line.split(separator: ":").last)
    try body(String(port))
  }

  private static let load = [
    "--expect-lines", "--connections", "1", "--duration", "300ms", "--warmup", "0s", "--quiet",
    "--timeout", "30s",
  ]

  @Test func aServerOfAnotherMakeIsMeasured() throws {
    let authority = try TestCertificates.shared.authority.files.certificate
    try withServer { port in
      let result = try ThrongProgram.run(
        ["bench", "localhost", port, "--tls", "--tls-ca", authority, "--tls-name", "localhost"]
          + Self.load)
      #expect(result.end == .status(0), "\(result.output)\(result.errors)")
      #expect(result.output.contains("TLS handshakes 1 full, 0 resumed"))
      #expect(result.output.contains("TLS 1.3, TLS_AES_256_GCM_SHA384"))
    }
  }

  @Test func aServerThatIsNotTrustedIsAFault() throws {
    try withServer { port in
      let result = try ThrongProgram.run(["bench", "127.0.0.1:\(port)", "--tls"] + Self.load)
      #expect(result.end == .status(1))
      #expect(result.output.contains("certificate not trusted"), "\(result.output)")
    }
  }

  @Test func verificationIsSwitchedOffWithAWarning() throws {
    try withServer { port in
      let result = try ThrongProgram.run(
        ["bench", "127.0.0.1:\(port)", "--tls", "--tls-insecure"] + Self.load)
      #expect(result.end == .status(0), "\(result.output)\(result.errors)")
      #expect(result.errors.contains("the server's certificate is not verified (--tls-insecure)"))
    }
  }
}

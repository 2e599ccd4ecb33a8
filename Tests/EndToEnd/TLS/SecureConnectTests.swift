// `throng connect --tls` against `throng serve --tls-certificate`.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct SecureConnectTests {
  private let megabytes = Data((0..<8 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })

  @Test(arguments: everyModel, ["echo", "event-echo"])
  func megabytesComeBackUnchangedInEveryModel(model: [String], handler: String) throws {
    try SecureServer.run(["--handler", handler] + model) { (server) throws in
      let result = try Program(
        ThrongProgram.path, SecureServer.connect(server), input: megabytes)
      defer { result.kill() }
      #expect(try result.waitForEnd() == .status(0))
      #expect(result.output.data == megabytes)
      #expect(result.errors.text == "")
    }
  }

  @Test func aGreetingInTheSameSegmentAsTheHandshakeIsNotLost() throws {
    try SecureServer.run([]) { (server) throws in
      for minimum in ["1.2", "1.3"] {
        let flags = try SecureServer.connect(server) + ["--tls-minimum", minimum]
        let result = try ThrongProgram.run(flags)
        #expect(result.output == greeting)
        #expect(result.end == .status(0))
      }
    }
  }

  @Test func autoWorksOverTLS() throws {
    try SecureServer.run([]) { (server) throws in
      let flags = ["--auto", "--count", "3", "--interval", "1ms"]
      let result = try ThrongProgram.run(SecureServer.connect(server) + flags)
      #expect(result.end == .status(0))
      #expect(result.output == greeting + greeting + greeting)
    }
  }

  @Test func aServerThatIsNotTrustedIsRefusedWithTheRemedy() throws {
    let certificates = try TestCertificates.shared
    try SecureServer.run([]) { (server) throws in
      let system = try ThrongProgram.run(["connect", "localhost", server.port, "--tls"])
      #expect(system.end == .status(1))
      #expect(system.errors.hasPrefix("throng: TLS failed: certificate not trusted"))
      #expect(system.errors.contains("--tls-ca"))
      let other = certificates.strangers.files.certificate
      let strange = try ThrongProgram.run(
        ["connect", "localhost", server.port, "--tls", "--tls-ca", other])
      #expect(strange.errors.hasPrefix("throng: TLS failed: certificate not trusted"))
      let named = try ThrongProgram.run(
        SecureServer.connect(server) + ["--tls-name", "other.example"])
      #expect(named.end == .status(1))
      #expect(named.errors.hasPrefix("throng: TLS failed: certificate for another name"))
      #expect(named.errors.contains("--tls-name"))
    }
  }

  @Test func insecureIsSaidEachTime() throws {
    try SecureServer.run([]) { (server) throws in
      for _ in 0..<2 {
        let result = try ThrongProgram.run(
          ["connect", "localhost", server.port, "--tls", "--tls-insecure"])
        #expect(result.end == .status(0))
        #expect(result.output == greeting)
        #expect(result.errors.contains("certificate is not verified"))
      }
    }
  }

  @Test func aPlainServerIsNamedAsSuch() throws {
    try ServeProgram.run([]) { (server) throws in
      let result = try ThrongProgram.run(SecureServer.connect(server))
      #expect(result.end == .status(1))
      #expect(result.errors.hasPrefix("throng: TLS failed: not TLS"))
    }
  }

  @Test(arguments: [("require", true), ("request", false)])
  func clientCertificatesAreAskedFor(mode: String, isRequired: Bool) throws {
    let certificates = try TestCertificates.shared
    let flags = [
      "--tls-client-ca", certificates.authority.files.certificate, "--tls-client-crl",
      certificates.revocationList, "--tls-client-auth", mode,
    ]
    try SecureServer.run(flags) { (server) throws in
      let connect = { (files: CertificateFiles?) in
        let own = files.map { ["--tls-certificate", $0.certificate, "--tls-key", $0.key] } ?? []
        return try ThrongProgram.run(SecureServer.connect(server) + own)
      }
      let good = try connect(certificates.client)
      #expect(good.end == .status(0) && good.output == greeting)
      let strange = try connect(certificates.strangeClient)
      #expect(strange.end == .status(1))
      #expect(strange.errors.contains("unknown_ca"))
      let revoked = try connect(certificates.revokedClient)
      #expect(revoked.errors.contains("certificate_revoked"))
      let none = try connect(nil)
      #expect(none.end == .status(isRequired ? 1 : 0))
      #expect(none.errors.contains("certificate_required") == isRequired)
    }
  }

  @Test func aUnixSocketNeedsAName() throws {
    let path = temporaryPath()
    try SecureServer.run(["--unix", path]) { _ in
      let authority = try TestCertificates.shared.authority.files.certificate
      let flags = ["connect", "--unix", path, "--tls", "--tls-ca", authority]
      let unnamed = try ThrongProgram.run(flags)
      #expect(unnamed.end == .status(64))
      #expect(unnamed.errors.contains("--tls-name"))
      let result = try ThrongProgram.run(flags + ["--tls-name", "localhost"])
      #expect(result.end == .status(0) && result.output == greeting)
    }
  }
}

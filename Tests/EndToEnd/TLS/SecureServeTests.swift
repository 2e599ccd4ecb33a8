// `throng serve` with TLS flags: what is refused at the start, reloading, warnings.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct SecureServeTests {
  @Test func unusableFilesEndTheStartWithOneSentence() throws {
    let certificates = try TestCertificates.shared
    let good = certificates.server
    let cases: [(certificate: String, key: String, part: String)] = [
      (good.certificate, certificates.client.key, "does not belong to the certificate"),
      (certificates.expiredServer.certificate, certificates.expiredServer.key, "has expired at"),
      ("/nonexistent.pem", good.key, "cannot read /nonexistent.pem"),
      (good.certificate, good.certificate, "holds no valid private key"),
    ]
    for (certificate, key, part) in cases {
      let result = try ThrongProgram.run(
        ["serve", "--port", "0", "--tls-certificate", certificate, "--tls-key", key])
      #expect(result.end == .status(1))
      #expect(result.errors.contains(part), "\(result.errors)")
      #expect(result.errors.split(separator: "\n").count == 1)
    }
  }

  @Test func anEncryptedKeyNeedsItsPassword() throws {
    let certificates = try TestCertificates.shared
    let files = try certificates.authority.sign(
      "encrypted", names: ["DNS:localhost", "IP:127.0.0.1"])
    let key = try TestAuthority.encrypt(files.key, password: "secret")
    let password = certificates.path("password")
    let flags = ["--tls-certificate", files.certificate, "--tls-key", key]
    let without = try ThrongProgram.run(["serve", "--port", "0"] + flags)
    #expect(without.errors.contains("is encrypted and there is no password"))
    try "wrong\n".write(toFile: password, atomically: true, encoding: .utf8)
    let given = flags + ["--tls-key-password-file", password]
    let wrong = try ThrongProgram.run(["serve", "--port", "0"] + given)
    #expect(wrong.errors.contains("the password does not open"))
    try "secret\n".write(toFile: password, atomically: true, encoding: .utf8)
    try ServeProgram.run(given) { (server) throws in
      #expect(try ThrongProgram.run(SecureServer.connect(server)).output == greeting)
    }
  }

  @Test func flagsWithoutACertificateAreRefused() throws {
    for flags in [
      ["--tls-minimum", "1.3"], ["--tls-alpn", "chat"], ["--tls-handshake-rate", "9"],
    ] {
      let result = try ThrongProgram.run(["serve", "--port", "0"] + flags)
      #expect(result.end == .status(64))
      #expect(result.errors.contains("\(flags[0]) requires --tls-certificate"))
    }
  }

  @Test(arguments: everyModel)
  func hangUpReloadsTheCertificates(model: [String]) throws {
    let certificates = try TestCertificates.shared
    let folder = certificates.folder.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let (certificate, key) = (folder.appending(path: "c"), folder.appending(path: "k"))
    let install = { (files: CertificateFiles) in
      try Data(contentsOf: URL(filePath: files.certificate)).write(to: certificate)
      try Data(contentsOf: URL(filePath: files.key)).write(to: key)
    }
    try install(certificates.server)
    let files = CertificateFiles(certificate: certificate.path, key: key.path)
    try SecureServer.run(["--handler", "echo"] + model, files) { (server) throws in
      let old = try Program(ThrongProgram.path, SecureServer.connect(server))
      defer { old.kill() }
      old.write("one\n")
      try old.output.wait { $0 == "one\n" }
      try install(certificates.expiredServer)
      server.program.send(SIGHUP)
      try server.program.errors.wait(until: { $0.contains("cannot reload the TLS files") })
      let kept = try Program.run("openssl", Self.subject(server))
      #expect(String(decoding: kept, as: UTF8.self).contains("CN = server\n"))
      try install(certificates.serverRSA)
      server.program.send(SIGHUP)
      try server.program.errors.wait(until: { $0.contains("TLS files reloaded") })
      let new = try Program.run("openssl", Self.subject(server))
      #expect(String(decoding: new, as: UTF8.self).contains("CN = server-rsa\n"))
      old.write("two\n")
      try old.output.wait { $0 == "one\ntwo\n" }
      old.closeInput()
      #expect(try old.waitForEnd() == .status(0))
    }
  }

  @Test func aKeyThatOthersCanReadIsReported() throws {
    let certificates = try TestCertificates.shared
    let key = certificates.path("readable.key")
    try Data(contentsOf: URL(filePath: certificates.server.key)).write(to: URL(filePath: key))
    chmod(key, 0o644)
    let files = CertificateFiles(certificate: certificates.server.certificate, key: key)
    try SecureServer.run([], files) { (server) throws in
      try server.program.errors.wait(until: { $0.contains("can be read or changed by every user") })
    }
  }

  @Test func aServerNameChoosesTheCertificate() throws {
    let certificates = try TestCertificates.shared
    let other = try SecureServer.flags(certificates.otherServer)
    try SecureServer.run(other) { (server) throws in
      let subject = { (name: String) in
        let output = try Program.run("openssl", Self.subject(server, name))
        return String(decoding: output, as: UTF8.self)
      }
      #expect(try subject("localhost").contains("CN = server\n"))
      #expect(try subject("a.wild.example").contains("CN = other\n"))
      #expect(try subject("unknown.example").contains("CN = server\n"))
    }
  }

  private static func subject(_ server: ServeProgram, _ name: String = "localhost") -> [String] {
    ["s_client", "-connect", "127.0.0.1:\(server.port)", "-servername", name]
  }
}

// An authority that signs certificates for tests, with the openssl(1) command in a temporary folder.

import Foundation

/// The files of a certificate and its key (PEM).
package struct CertificateFiles: Sendable {
  package let certificate: String
  package let key: String

  package init(certificate: String, key: String) {
    self.certificate = certificate
    self.key = key
  }
}

/// A certificate authority with its database (openssl-ca(1)). Any thread, one call at a time.
package final class TestAuthority: @unchecked Sendable {
  // Invariant behind @unchecked: everything is constant; `lock` is held while files change.
  package let files: CertificateFiles
  private let folder: URL
  private let lock = NSLock()

  package enum Key: String, Sendable {
    case ecdsa = "ec", rsa
    fileprivate var arguments: [String] {
      switch self {
      case .ecdsa: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
      case .rsa: ["-newkey", "rsa:2048"]
      }
    }
  }

  /// From and to as `YYYYMMDDHHMMSSZ`.
  package struct Validity: Sendable {
    var start: String
    var end: String
    package static let current = Validity(start: "20200101000000Z", end: "21200101000000Z")
    package static let past = Validity(start: "20200101000000Z", end: "20200201000000Z")
    package static let future = Validity(start: "21000101000000Z", end: "21200101000000Z")
  }

  package init(_ name: String, in parent: URL) throws {
    folder = parent.appending(path: name)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    files = CertificateFiles(
      certificate: folder.appending(path: "authority.pem").path,
      key: folder.appending(path: "authority.key").path)
    try Data().write(to: folder.appending(path: "index.txt"))
    try Self.settings(folder, files).write(
      to: folder.appending(path: "ca.cnf"), atomically: true, encoding: .utf8)
    try Self.openssl(
      ["req", "-x509", "-nodes", "-days", "30000", "-subj", "/CN=\(name)"] + Key.ecdsa.arguments + [
        "-keyout", files.key, "-out", files.certificate,
        "-addext", "basicConstraints=critical,CA:TRUE",
        "-addext", "keyUsage=critical,keyCertSign,cRLSign",
      ])
  }

  /// Signs a certificate.
  /// - Parameter names: alternative names as openssl writes them, `DNS:example.com` or `IP:127.0.0.1`.
  package func sign(
    _ name: String, names: [String] = [], subject: String? = nil, key: Key = .ecdsa,
    validity: Validity = .current
  ) throws -> CertificateFiles {
    try lock.withLock {
      let path = { [folder] (suffix: String) in folder.appending(path: name + suffix).path }
      let result = CertificateFiles(certificate: path(".pem"), key: path(".key"))
      let extensions =
        "basicConstraints=CA:FALSE\n"
        + (names.isEmpty ? "" : "subjectAltName=\(names.joined(separator: ","))\n")
      try extensions.write(toFile: path(".ext"), atomically: true, encoding: .utf8)
      try Self.openssl(
        ["req", "-nodes", "-subj", subject ?? "/CN=\(name)"] + key.arguments + [
          "-keyout", result.key, "-out", path(".csr"),
        ])
      try ca([
        "-in", path(".csr"), "-out", result.certificate, "-extfile", path(".ext"), "-notext",
        "-startdate", validity.start, "-enddate", validity.end,
      ])
      return result
    }
  }

  /// Makes a list that revokes these certificates.
  package func revocationList(revoking revoked: [CertificateFiles]) throws -> String {
    try lock.withLock {
      for files in revoked { try ca(["-revoke", files.certificate]) }
      let path = folder.appending(path: "revoked-\(revoked.count).crl").path
      try ca(["-gencrl", "-out", path])
      return path
    }
  }

  /// Makes an OCSP response for a certificate of this authority (openssl-ocsp(1)).
  package func ocspResponse(for certificate: CertificateFiles) throws -> String {
    try lock.withLock {
      let request = certificate.certificate + ".request"
      let response = certificate.certificate + ".ocsp"
      try Self.openssl([
        "ocsp", "-issuer", files.certificate, "-cert", certificate.certificate, "-reqout", request,
      ])
      try Self.openssl([
        "ocsp", "-index", folder.appending(path: "index.txt").path, "-CA", files.certificate,
        "-rsigner", files.certificate, "-rkey", files.key, "-reqin", request, "-respout", response,
        "-ndays", "7",
      ])
      return response
    }
  }

  /// Encrypts a private key with a password.
  package static func encrypt(_ key: String, password: String) throws -> String {
    let path = key + ".encrypted"
    try openssl(["pkey", "-in", key, "-aes256", "-passout", "pass:\(password)", "-out", path])
    return path
  }

  private func ca(_ arguments: [String]) throws {
    let settings = folder.appending(path: "ca.cnf").path
    try Self.openssl(["ca", "-batch", "-config", settings] + arguments)
  }

  private static func openssl(_ arguments: [String]) throws {
    _ = try Program.run("openssl", arguments)
  }

  private static func settings(_ folder: URL, _ files: CertificateFiles) -> String {
    """
    [ca]
    default_ca = authority
    [authority]
    database = \(folder.path)/index.txt
    new_certs_dir = \(folder.path)
    rand_serial = yes
    unique_subject = no
    certificate = \(files.certificate)
    private_key = \(files.key)
    default_md = sha256
    default_crl_days = 3000
    policy = any
    [any]
    organizationName = optional
    commonName = supplied
    """
  }
}

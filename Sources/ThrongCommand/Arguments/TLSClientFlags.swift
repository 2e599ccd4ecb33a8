// Flags of a client that uses TLS: `bench` and `connect` have the same.

import ArgumentParser
import Throng
import ThrongTLS

struct TLSClientFlags: ParsableArguments {
  @Flag(help: "Use TLS; the server's certificate and name are verified.")
  var tls = false

  @Option(
    help: .value(
      "file", "Certificates of the trusted authorities (PEM).", default: "the system's authorities")
  )
  var tlsCa: String?

  @Option(
    help: .value(
      "name", "Name or address that the certificate must have.", default: "that of the server"))
  var tlsName: String?

  @Flag(help: "Do not verify the certificate. An attacker can read and change everything.")
  var tlsInsecure = false

  func validate() throws {
    let others = [
      ("--tls-ca", tlsCa != nil), ("--tls-name", tlsName != nil), ("--tls-insecure", tlsInsecure),
    ]
    for (flag, isGiven) in others where isGiven && !tls {
      throw ValidationError("\(flag) requires --tls")
    }
    if tlsInsecure, tlsCa != nil {
      throw ValidationError("--tls-ca cannot be combined with --tls-insecure")
    }
  }

  /// The security of the client's connections; nil without TLS. Says so when nothing is verified.
  /// - Parameter resumesSessions: whether connections resume the sessions of earlier ones.
  func security(resumesSessions: Bool = true) throws(Failure) -> ClientTransportSecurity? {
    guard tls else { return nil }
    var configuration = TLSClientConfiguration()
    configuration.serverName = tlsName
    configuration.resumesSessions = resumesSessions
    if let tlsCa {
      configuration.verification = .authorities(TLSAuthorities(certificatesPath: tlsCa))
    }
    if tlsInsecure {
      configuration.verification = .insecure
      StandardError.write(
        "throng: warning: the server's certificate is not verified (--tls-insecure)")
    }
    do {
      return try .tls(configuration)
    } catch {
      throw Failure("\(error)")
    }
  }
}

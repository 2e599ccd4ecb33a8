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

  @Option(
    help: ArgumentHelp("Refuse certificates on these revocation lists (PEM).", valueName: "file"))
  var tlsCrl: String?

  @Option(help: ArgumentHelp("Certificate of this client (PEM).", valueName: "file"))
  var tlsCertificate: String?

  @Option(
    help: .value("file", "Its private key (PEM).", default: "in the file of the certificate"))
  var tlsKey: String?

  @Option(help: ArgumentHelp("Password of an encrypted key: the first line.", valueName: "file"))
  var tlsKeyPasswordFile: String?

  @Option(help: .value("1.2|1.3", "Oldest version of TLS.", default: "1.2"))
  var tlsMinimum: TLSVersionArgument?

  @Option(
    help: ArgumentHelp(
      "Application protocols (ALPN) by preference, such as chat/2,chat/1.", valueName: "names"),
    transform: ListArgument<String>.names)
  var tlsAlpn: ListArgument<String>?

  func validate() throws {
    let others = [
      ("--tls-ca", tlsCa != nil), ("--tls-name", tlsName != nil), ("--tls-insecure", tlsInsecure),
      ("--tls-crl", tlsCrl != nil), ("--tls-certificate", tlsCertificate != nil),
      ("--tls-key", tlsKey != nil), ("--tls-key-password-file", tlsKeyPasswordFile != nil),
      ("--tls-minimum", tlsMinimum != nil), ("--tls-alpn", tlsAlpn != nil),
    ]
    for (flag, isGiven) in others where isGiven && !tls {
      throw ValidationError("\(flag) requires --tls")
    }
    if tlsInsecure, tlsCa != nil {
      throw ValidationError("--tls-ca cannot be combined with --tls-insecure")
    }
    if tlsCrl != nil, tlsCa == nil { throw ValidationError("--tls-crl requires --tls-ca") }
    if tlsCertificate == nil, tlsKey != nil || tlsKeyPasswordFile != nil {
      throw ValidationError(
        "\(tlsKey == nil ? "--tls-key-password-file" : "--tls-key") requires --tls-certificate")
    }
  }

  var configuration: TLSClientConfiguration {
    var configuration = TLSClientConfiguration()
    if tlsInsecure { configuration.verification = .insecure }
    if let tlsCa {
      configuration.verification = .authorities(
        TLSAuthorities(certificatesPath: tlsCa, revocationListPath: tlsCrl))
    }
    configuration.serverName = tlsName
    if let tlsCertificate {
      configuration.identity = TLSIdentity(
        certificatePath: tlsCertificate, keyPath: tlsKey ?? tlsCertificate,
        password: tlsKeyPasswordFile.map { PasswordFile(path: $0).password })
    }
    if let tlsMinimum { configuration.minimumVersion = tlsMinimum.version }
    configuration.applicationProtocols = tlsAlpn?.values ?? []
    return configuration
  }

  /// The security of the client's connections; nil without TLS. Says so when nothing is verified.
  /// - Parameter resumesSessions: whether connections resume the sessions of earlier ones.
  func security(resumesSessions: Bool = true) throws(Failure) -> ClientTransportSecurity? {
    guard tls else { return nil }
    var configuration = configuration
    configuration.resumesSessions = resumesSessions
    if tlsInsecure {
      StandardError.write(
        "throng: warning: the server's certificate is not verified (--tls-insecure)")
    }
    do {
      let context = try TLSClientContext(configuration)
      for warning in context.configurationWarnings {
        StandardError.write("throng: warning: \(warning)")
      }
      return .tls(context)
    } catch {
      throw Failure("\(error)")
    }
  }
}

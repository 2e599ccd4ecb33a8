// Flags for TLS: certificates, what is asked of clients, and the limits of handshakes.

import ArgumentParser
import LinuxSystem
import Throng
import ThrongTLS

struct TLSFlags: ParsableArguments {
  enum ClientAuthentication: String, CaseIterable, ExpressibleByArgument { case require, request }

  @Option(
    help: ArgumentHelp(
      """
      Serve with TLS and this certificate, followed by those of its issuers (PEM). Repeatable: clients \
      choose by server name, and by type of key when names are the same. SIGHUP reads all files again.
      """, valueName: "file"))
  var tlsCertificate: [String] = []

  @Option(
    help: .value(
      "file", "Private key (PEM), in the order of the certificates; repeatable.",
      default: "in the file of the certificate"))
  var tlsKey: [String] = []

  @Option(help: ArgumentHelp("Password of encrypted keys: the first line.", valueName: "file"))
  var tlsKeyPasswordFile: String?

  @Option(
    help: ArgumentHelp(
      "OCSP response to staple (DER), in the order of the certificates; repeatable.",
      valueName: "file"))
  var tlsOcsp: [String] = []

  @Option(
    help: ArgumentHelp(
      "Ask clients for a certificate that these authorities have signed (PEM).",
      valueName: "file"))
  var tlsClientCa: String?

  @Option(
    help: ArgumentHelp(
      "Refuse client certificates on these revocation lists (PEM).", valueName: "file"))
  var tlsClientCrl: String?

  @Option(
    help: .value(
      "require|request", "Whether a client may have no certificate.", default: "require"))
  var tlsClientAuth: ClientAuthentication?

  @Option(help: .value("1.2|1.3", "Oldest version of TLS.", default: "1.2"))
  var tlsMinimum: TLSVersionArgument?

  @Option(
    help: .value(
      "names",
      "Application protocols (ALPN) by preference, such as chat/2,chat/1; others are refused.",
      default: "ALPN is ignored"),
    transform: ListArgument<String>.names)
  var tlsAlpn: ListArgument<String>?

  @Option(
    help: .value(
      "duration", "Time that a client may take for the whole handshake.", default: "10s"),
    transform: DurationArgument.init(parsing:))
  var tlsHandshakeTimeout: DurationArgument?

  @Option(
    help: .value(
      "n", "Maximum handshakes begun per second; further clients wait.", default: "off"),
    transform: NumberArgument.positive)
  var tlsHandshakeRate: Int?

  func validate() throws {
    if tlsCertificate.isEmpty {
      if let flag = flagsThatNeedACertificate.first(where: \.isGiven)?.name {
        throw ValidationError("\(flag) requires --tls-certificate (add it, or leave out \(flag))")
      }
      return
    }
    if !tlsKey.isEmpty, tlsKey.count != tlsCertificate.count {
      throw ValidationError(
        """
        there are \(tlsCertificate.count) --tls-certificate and \(tlsKey.count) --tls-key \
        (give one key for each certificate, in the same order)
        """)
    }
    if tlsOcsp.count > tlsCertificate.count {
      throw ValidationError("there are more --tls-ocsp than --tls-certificate (leave some out)")
    }
    if tlsClientCa == nil, tlsClientAuth != nil || tlsClientCrl != nil {
      let flag = tlsClientAuth == nil ? "--tls-client-crl" : "--tls-client-auth"
      throw ValidationError("\(flag) requires --tls-client-ca (add it, or leave out \(flag))")
    }
  }

  private var flagsThatNeedACertificate: [(name: String, isGiven: Bool)] {
    [
      ("--tls-key", !tlsKey.isEmpty), ("--tls-key-password-file", tlsKeyPasswordFile != nil),
      ("--tls-ocsp", !tlsOcsp.isEmpty), ("--tls-client-ca", tlsClientCa != nil),
      ("--tls-client-crl", tlsClientCrl != nil), ("--tls-client-auth", tlsClientAuth != nil),
      ("--tls-minimum", tlsMinimum != nil), ("--tls-alpn", tlsAlpn != nil),
      ("--tls-handshake-timeout", tlsHandshakeTimeout != nil),
      ("--tls-handshake-rate", tlsHandshakeRate != nil),
    ]
  }

  /// Reads and validates the files.
  /// - Returns: nil without TLS.
  func security() throws(TLSConfigurationError) -> TransportSecurity? {
    guard !tlsCertificate.isEmpty else { return nil }
    var security = try TransportSecurity.tls(configuration)
    if let tlsHandshakeTimeout { security.handshakeTimeout = tlsHandshakeTimeout.duration }
    security.handshakeRate = tlsHandshakeRate
    return security
  }

  var configuration: TLSServerConfiguration {
    var configuration = TLSServerConfiguration(
      identities: tlsCertificate.enumerated().map { index, certificate in
        TLSIdentity(
          certificatePath: certificate, keyPath: tlsKey.isEmpty ? certificate : tlsKey[index],
          password: tlsKeyPasswordFile.map { PasswordFile(path: $0).password },
          ocspResponsePath: tlsOcsp.indices.contains(index) ? tlsOcsp[index] : nil)
      })
    if let tlsClientCa {
      let authorities = TLSAuthorities(
        certificatesPath: tlsClientCa, revocationListPath: tlsClientCrl)
      configuration.clientAuthentication =
        tlsClientAuth == .request ? .request(authorities) : .require(authorities)
    }
    if let tlsMinimum { configuration.minimumVersion = tlsMinimum.version }
    configuration.applicationProtocols = tlsAlpn?.values ?? []
    return configuration
  }
}

// Configurations of the test certificates.

import TestSupport
import Throng
import ThrongTLS

extension TLSIdentity {
  init(_ files: CertificateFiles) {
    self.init(certificatePath: files.certificate, keyPath: files.key)
  }
}

extension TLSServerConfiguration {
  /// A server with this certificate; the one for localhost when none is given.
  static func test(_ files: CertificateFiles? = nil) throws -> TLSServerConfiguration {
    try TLSServerConfiguration(identities: [TLSIdentity(files ?? TestCertificates.shared.server)])
  }
}

extension TLSClientConfiguration {
  /// A client that trusts the test authority.
  static func test(_ version: SecurityInfo.ProtocolVersion? = nil) throws -> TLSClientConfiguration
  {
    var configuration = TLSClientConfiguration()
    configuration.verification = .authorities(
      TLSAuthorities(certificatesPath: try TestCertificates.shared.authority.files.certificate))
    if let version {
      configuration.minimumVersion = version
      configuration.maximumVersion = version
    }
    return configuration
  }
}

let bothVersions: [SecurityInfo.ProtocolVersion] = [.tls12, .tls13]

extension TLSServerConfiguration {
  /// A server that asks clients for a certificate of the test authority.
  static func test(
    require isRequired: Bool, revocationList: String? = nil
  ) throws -> TLSServerConfiguration {
    let authorities = TLSAuthorities(
      certificatesPath: try TestCertificates.shared.authority.files.certificate,
      revocationListPath: revocationList)
    var configuration = try TLSServerConfiguration.test()
    configuration.clientAuthentication = isRequired ? .require(authorities) : .request(authorities)
    return configuration
  }
}

// The files of one certificate. Values that are read when a context is made or reloaded.

/// A certificate with its private key, and what belongs to it: paths of files.
public struct TLSIdentity: Sendable {
  /// The certificate and the intermediate certificates of its issuers, in this order (PEM).
  public var certificatePath: String
  /// The private key (PEM, RSA, ECDSA or Ed25519); it may be in the file of the certificate.
  public var keyPath: String
  /// Called with ``keyPath`` when the key is encrypted, each time that the file is read.
  /// Nil, or a result of nil: there is no password, and an encrypted key is an error.
  public var password: (@Sendable (_ keyPath: String) -> String?)?
  /// An OCSP response for the certificate (DER), which is sent to clients that ask for it (stapling,
  /// RFC 6066, section 8) until the time at which it ends.
  public var ocspResponsePath: String?
  /// The server names that this certificate serves, exact or `*.example.com`; nil: those in it.
  public var serverNames: [String]?

  /// Names the files of a certificate.
  /// - Parameters:
  ///   - certificatePath: the certificate and the intermediate certificates of its issuers (PEM).
  ///   - keyPath: the private key (PEM).
  ///   - password: returns the password of an encrypted key.
  ///   - ocspResponsePath: an OCSP response for the certificate (DER).
  ///   - serverNames: the server names that the certificate serves; nil: those in it.
  public init(
    certificatePath: String, keyPath: String,
    password: (@Sendable (_ keyPath: String) -> String?)? = nil, ocspResponsePath: String? = nil,
    serverNames: [String]? = nil
  ) {
    self.certificatePath = certificatePath
    self.keyPath = keyPath
    self.password = password
    self.ocspResponsePath = ocspResponsePath
    self.serverNames = serverNames
  }
}

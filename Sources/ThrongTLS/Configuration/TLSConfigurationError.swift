// Why a TLS configuration is not usable: values, and their sentences in one place.

import SystemPackage

/// Why a context cannot be made from a configuration.
public enum TLSConfigurationError: Error, Equatable, Sendable {
  /// What a file should hold.
  public enum Content: String, Sendable {
    case certificate = "certificate"
    case privateKey = "private key"
    case authorities = "certificate of an authority"
    case revocationList = "revocation list"
    case ocspResponse = "OCSP response"
  }

  /// A server has no certificate.
  case noIdentity
  /// A file cannot be read (open(2), read(2)).
  case unreadable(path: String, Errno)
  /// A file does not hold what it should, in the format that it should be in.
  case invalid(path: String, Content)
  /// The private key is encrypted and there is no password for it.
  case passwordMissing(path: String)
  /// The private key is encrypted with another password.
  case passwordWrong(path: String)
  /// The private key does not belong to the certificate.
  case keyMismatch(certificatePath: String, keyPath: String)
  /// The certificate, the list or the response was valid until this time (UTC).
  case expired(path: String, Content, at: String)
  /// The certificate or the list is valid from this time on (UTC).
  case notYetValid(path: String, Content, from: String)
  /// The key or the signature of a certificate is too weak for the library's security level.
  case tooWeak(path: String)
  /// The OCSP response says nothing good about the certificate.
  case staple(path: String, certificatePath: String)
  /// An application protocol is empty or longer than 255 bytes.
  case applicationProtocol(String)
  /// A server name is not one that a client can send.
  case serverName(String)
  /// The minimum version is above the maximum.
  case versions
  /// The library refuses something else, in its own words.
  case library(String)
}

extension TLSConfigurationError: CustomStringConvertible {
  /// A description for log lines and error messages.
  public var description: String {
    switch self {
    case .noIdentity: "no TLS certificate is configured (name a certificate and its private key)"
    case .unreadable(let path, let error):
      "cannot read \(path): \(error) (check the path and the file's permissions)"
    case .invalid(let path, let content):
      "\(path) holds no valid \(content.rawValue) (expected \(content.format))"
    case .passwordMissing(let path):
      "the private key \(path) is encrypted and there is no password for it (give the password)"
    case .passwordWrong(let path):
      "the password does not open the private key \(path) (give the one it was encrypted with)"
    case .keyMismatch(let certificate, let key):
      """
      the private key \(key) does not belong to the certificate \(certificate) \
      (use the key that the certificate was made for)
      """
    case .expired(let path, let content, let time):
      "the \(content.rawValue) \(path) has expired at \(time) UTC (renew it)"
    case .notYetValid(let path, let content, let time):
      "the \(content.rawValue) \(path) is valid only from \(time) UTC on (check the clock)"
    case .tooWeak(let path):
      """
      the certificate \(path) has a key or a signature that is too weak \
      (use RSA with 2048 bits or more, or ECDSA, and SHA-256)
      """
    case .staple(let path, let certificate):
      """
      the OCSP response \(path) does not say that the certificate \(certificate) is good \
      (request a new response for it)
      """
    case .applicationProtocol(let name):
      "the application protocol \"\(name)\" has \(name.utf8.count) bytes (use 1 to 255)"
    case .serverName(let name):
      "\"\(name)\" is not a server name (use host.example.com or *.example.com)"
    case .versions: "the minimum TLS version is above the maximum (lower it)"
    case .library(let text): "OpenSSL refuses the configuration: \(text)"
    }
  }
}

extension TLSConfigurationError.Content {
  var format: String { self == .ocspResponse ? "DER" : "PEM, which begins with -----BEGIN" }
}

/// What should be changed about a configuration that works.
public enum TLSConfigurationWarning: Equatable, Sendable {
  /// Every user of the machine can read or replace a private key (chmod(1)).
  case keyAccessibleByOthers(path: String, mode: UInt32)
}

extension TLSConfigurationWarning: CustomStringConvertible {
  /// A description for log lines and error messages.
  public var description: String {
    switch self {
    case .keyAccessibleByOthers(let path, let mode):
      """
      the private key \(path) can be read or changed by every user of this machine \
      (mode \(String(mode, radix: 8)); use chmod o= \(path))
      """
    }
  }
}

// A certificate that is made for one measurement or test and trusted by nothing else. A value; any thread.

import COpenSSL
import Throng

/// A certificate for localhost, signed by itself, with an ECDSA key on P-256. Valid for a day.
package struct TemporaryCertificate: Sendable {
  /// The certificate, and its private key (PEM).
  package let certificate: String
  package let key: String

  private static let validity = 24 * 60 * 60
  /// The clock of another program may be behind.
  private static let tolerance = 60 * 60
  private static let names = "DNS:localhost,IP:127.0.0.1,IP:::1"

  /// - Throws: ``TLSConfigurationError`` when OpenSSL cannot make it.
  package init() throws(TLSConfigurationError) {
    ERR_clear_error()
    guard let key = shim_EVP_EC_gen("P-256").map({ Owned($0, { EVP_PKEY_free($0) }) }),
      let certificate = X509_new().map({ Owned($0, { X509_free($0) }) }),
      Self.fill(certificate.pointer), X509_set_pubkey(certificate.pointer, key.pointer) == 1,
      X509_sign(certificate.pointer, key.pointer, EVP_sha256()) > 0,
      let text = Self.text({ PEM_write_bio_X509($0, certificate.pointer) }),
      let keyText = Self.text({
        PEM_write_bio_PrivateKey($0, key.pointer, nil, nil, 0, nil, nil)
      })
    else { throw .library(LibraryErrors.text(LibraryErrors.take())) }
    (self.certificate, self.key) = (text, keyText)
  }

  private static func fill(_ certificate: OpaquePointer) -> Bool {
    guard X509_set_version(certificate, 2) == 1,  // version 3 (RFC 5280, 4.1.2.1)
      ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), .random(in: 1...(.max))) == 1,
      X509_gmtime_adj(X509_getm_notBefore(certificate), -tolerance) != nil,
      X509_gmtime_adj(X509_getm_notAfter(certificate), validity) != nil,
      let subject = X509_get_subject_name(certificate),
      X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, "localhost", -1, -1, 0) == 1,
      X509_set_issuer_name(certificate, subject) == 1,
      let names = X509V3_EXT_conf_nid(nil, nil, NID_subject_alt_name, Self.names)
    else { return false }
    defer { X509_EXTENSION_free(names) }
    return X509_add_ext(certificate, names, -1) == 1
  }

  private static func text(_ write: (OpaquePointer) -> Int32) -> String? {
    guard let memory = BIO_new(BIO_s_mem()) else { return nil }
    defer { BIO_free(memory) }
    guard write(memory) == 1 else { return nil }
    return String(unsafeUninitializedCapacity: BIO_ctrl_pending(memory)) { buffer in
      max(0, Int(BIO_read(memory, buffer.baseAddress, Int32(buffer.count))))
    }
  }
}

// The names in a certificate, in the two forms that are needed: for choosing a certificate by server
// name, and for telling handlers who the client is. Any thread.

import COpenSSL
import Throng

extension PeerCertificate.AlternativeName {
  /// The names of the extension subjectAltName, in its order, without kinds that are not listed above.
  static func all(in certificate: OpaquePointer) -> [Self] {
    guard let names = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else {
      return []
    }
    let list = OpaquePointer(names)
    defer { OPENSSL_sk_pop_free(list, shim_GENERAL_NAME_free) }
    return (0..<OPENSSL_sk_num(list)).compactMap { index in
      guard let name = OPENSSL_sk_value(list, index) else { return nil }
      return Self(name.assumingMemoryBound(to: GENERAL_NAME.self))
    }
  }

  private init?(_ name: UnsafePointer<GENERAL_NAME>) {
    var kind: Int32 = 0
    guard let value = GENERAL_NAME_get0_value(name, &kind) else { return nil }
    let string = value.assumingMemoryBound(to: ASN1_STRING.self)
    let bytes = UnsafeBufferPointer(
      start: ASN1_STRING_get0_data(string), count: Int(ASN1_STRING_length(string)))
    switch kind {
    case GEN_DNS: self = .dns(Self.text(bytes))
    case GEN_EMAIL: self = .email(Self.text(bytes))
    case GEN_URI: self = .uri(Self.text(bytes))
    case GEN_IPADD:
      guard let address = Self.address(bytes) else { return nil }
      self = .ipAddress(address)
    default: return nil
    }
  }

  /// IA5String: bytes outside of printable ASCII could forge lines of a log.
  private static func text(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    String(decoding: bytes.map { 0x20 < $0 && $0 < 0x7f ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }

  private static func address(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
    switch bytes.count {
    case 4: bytes.map { String($0) }.joined(separator: ".")
    case 16:
      stride(from: 0, to: 16, by: 2).map {
        String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
      }.joined(separator: ":")
    default: nil
    }
  }
}

extension PeerCertificate {
  /// The names in a certificate that was verified.
  init(_ certificate: OpaquePointer) {
    self.init(
      subject: Self.subject(of: certificate),
      alternativeNames: AlternativeName.all(in: certificate),
      fingerprint: Self.fingerprint(of: certificate))
  }

  /// As RFC 2253 writes it, which escapes control characters.
  static func subject(of certificate: OpaquePointer) -> String {
    guard let memory = BIO_new(BIO_s_mem()) else { return "" }
    defer { BIO_free(memory) }
    let flags = shim_XN_FLAG_RFC2253()
    guard X509_NAME_print_ex(memory, X509_get_subject_name(certificate), 0, flags) >= 0 else {
      return ""
    }
    let count = BIO_ctrl_pending(memory)
    return String(unsafeUninitializedCapacity: count) { buffer in
      max(0, Int(BIO_read(memory, buffer.baseAddress, Int32(buffer.count))))
    }
  }

  private static func fingerprint(of certificate: OpaquePointer) -> String {
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var count: UInt32 = 0
    guard X509_digest(certificate, EVP_sha256(), &digest, &count) == 1 else { return "" }
    return digest.prefix(Int(count)).map { byte in
      let text = String(byte, radix: 16)
      return text.count == 1 ? "0" + text : text
    }.joined()
  }
}

// How the client's connection to the proxy was encrypted (PP2_TYPE_SSL, section 2.2.6).

extension ProxyHeader {
  /// The encryption between the client and the proxy.
  public struct TLS: Hashable, Sendable {
    /// The client has used TLS.
    public var isEncrypted: Bool
    /// The client has given a certificate, in this connection or in the session that it resumes.
    public var hasCertificate: Bool
    /// The certificate was verified without an error.
    public var isVerified: Bool
    /// For example `TLSv1.3`.
    public var version: String?
    /// The common name (CN) of the client's certificate.
    public var commonName: String?
    /// The cipher of the session, for example `ECDHE-RSA-AES128-GCM-SHA256`.
    public var cipher: String?
    /// The algorithm with which the proxy's certificate is signed, for example `RSA-SHA256`.
    public var signatureAlgorithm: String?
    /// The algorithm of the key of the proxy's certificate, for example `RSA2048`.
    public var keyAlgorithm: String?

    /// Creates a description of a session without names.
    /// - Parameters:
    ///   - isEncrypted: whether the client has connected over TLS.
    ///   - hasCertificate: whether the client has sent a certificate.
    ///   - isVerified: whether it was verified without an error.
    public init(isEncrypted: Bool, hasCertificate: Bool = false, isVerified: Bool = false) {
      self.isEncrypted = isEncrypted
      self.hasCertificate = hasCertificate
      self.isVerified = isVerified
    }

    init(decoding bytes: ArraySlice<UInt8>) throws(ProxyProtocolError) {
      var input = ByteReader(bytes)
      guard let flags = input.byte(), let verdict = input.take(4) else { throw .badLength }
      self.init(
        isEncrypted: flags & Self.encrypted != 0,
        hasCertificate: flags & (Self.certificateOnConnection | Self.certificateInSession) != 0,
        isVerified: verdict.allSatisfy { $0 == 0 })
      if !hasCertificate { isVerified = false }
      while !input.isAtEnd {
        guard let field = input.field() else { throw .badLength }
        let text = String(decoding: field.value, as: UTF8.self)
        switch field.type {
        case 0x21: version = text
        case 0x22: commonName = text
        case 0x23: cipher = text
        case 0x24: signatureAlgorithm = text
        case 0x25: keyAlgorithm = text
        default: break
        }
      }
    }

    private static let encrypted: UInt8 = 1
    private static let certificateOnConnection: UInt8 = 2
    private static let certificateInSession: UInt8 = 4

    var encoded: [UInt8] {
      var flags = isEncrypted ? Self.encrypted : 0
      if hasCertificate { flags |= Self.certificateOnConnection | Self.certificateInSession }
      var bytes = [flags, 0, 0, 0, isVerified ? 0 : 1]
      let texts: [(UInt8, String?)] = [
        (0x21, version), (0x22, commonName), (0x23, cipher), (0x24, signatureAlgorithm),
        (0x25, keyAlgorithm),
      ]
      for case (let type, let text?) in texts {
        bytes.append(Field(type: type, value: Array(text.utf8)))
      }
      return bytes
    }
  }
}

extension ProxyHeader.Field {
  /// The encryption between the client and the proxy.
  public static func tls(_ tls: ProxyHeader.TLS) -> Self {
    Self(type: ProxyHeader.FieldType.tls, value: tls.encoded)
  }
}

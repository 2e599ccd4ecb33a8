// What a handshake has negotiated, asked from OpenSSL. Under the lock of the session's connection.

import COpenSSL
import Throng

extension TLSSession {
  var info: SecurityInfo {
    SecurityInfo(
      protocolVersion: SSL_version(ssl) == TLS1_3_VERSION ? .tls13 : .tls12,
      cipherSuite: SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl)).map {
        String(cString: $0)
      } ?? "",
      serverName: serverName, applicationProtocol: applicationProtocol,
      isResumed: isResumed, peer: peer)
  }

  var isResumed: Bool { SSL_session_reused(ssl) == 1 }

  /// The client has chosen it: a text that is not a host name is not passed on.
  private var serverName: String? {
    guard let name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) else { return nil }
    let text = String(cString: name)
    return ServerName.isValid(text) ? text.lowercased() : nil
  }

  private var applicationProtocol: String? {
    var name: UnsafePointer<UInt8>?
    var count: UInt32 = 0
    SSL_get0_alpn_selected(ssl, &name, &count)
    guard count > 0 else { return nil }
    return String(decoding: UnsafeBufferPointer(start: name, count: Int(count)), as: UTF8.self)
  }

  private var peer: PeerCertificate? {
    guard SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER != 0,
      let certificate = SSL_get0_peer_certificate(ssl), SSL_get_verify_result(ssl) == X509_V_OK
    else { return nil }
    return PeerCertificate(certificate)
  }
}

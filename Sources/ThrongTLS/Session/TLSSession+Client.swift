// What only a client's session does: the name that it expects, and resumption.

import COpenSSL
import Throng

extension TLSSession {
  var clientSettings: ClientSettings? {
    if case .client(let settings, _) = role { settings } else { nil }
  }

  var expectedName: String? { if case .client(_, let name) = role { name } else { nil } }

  /// Verifies the name or address in the server's certificate, sends the name (SNI; not for addresses,
  /// RFC 6066, section 3), and offers the session of an earlier connection to it.
  func expect(_ name: String?, _ settings: ClientSettings) throws(SecurityFailure) {
    guard let name else {
      // A chain that is verified for no name proves nothing.
      if settings.verifies { throw SecurityFailure(.certificateNameMismatch) }
      return
    }
    let parameters = SSL_get0_param(ssl)
    let isAddress = X509_VERIFY_PARAM_set1_ip_asc(parameters, name) == 1
    ERR_clear_error()
    if !isAddress {
      X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
      guard X509_VERIFY_PARAM_set1_host(parameters, name, 0) == 1,
        shim_SSL_set_tlsext_host_name(ssl, name) == 1
      else {
        ERR_clear_error()
        throw SecurityFailure(.internalError)
      }
    }
    if let session = settings.session(for: name) { SSL_set_session(ssl, session.pointer) }
  }
}

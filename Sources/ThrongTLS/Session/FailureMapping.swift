// From OpenSSL's errors to reasons that can be counted, in one place. Any thread.

import COpenSSL
import Throng

enum FailureMapping {
  /// - Parameters:
  ///   - error: the first of the thread's error queue; 0 when it was empty.
  ///   - verification: the result of verifying the peer's certificate (X509_V_OK and so on).
  static func failure(
    _ error: UInt, _ verification: Int, wasEstablished: Bool
  ) -> SecurityFailure {
    let reason = LibraryErrors.reason(error)
    guard LibraryErrors.library(error) == ERR_LIB_SSL else {
      return SecurityFailure(error == 0 ? .internalError : .malformed)
    }
    // The library's reasons for the peer's alerts are their numbers above 1000.
    if (SSL_AD_REASON_OFFSET..<SSL_AD_REASON_OFFSET + 256).contains(reason) {
      let number = UInt8(reason - SSL_AD_REASON_OFFSET)
      return SecurityFailure(.alertReceived, alert: .init(rawValue: number))
    }
    return SecurityFailure(Self.reason(reason, Int32(verification), wasEstablished))
  }

  /// For the log: the library's words for both.
  static func text(_ error: UInt, _ verification: Int) -> String {
    let isVerification = LibraryErrors.reason(error) == SSL_R_CERTIFICATE_VERIFY_FAILED
    guard isVerification, let text = X509_verify_cert_error_string(verification) else {
      return LibraryErrors.text(error)
    }
    return "\(LibraryErrors.text(error)): \(String(cString: text))"
  }

  private static func reason(
    _ reason: Int32, _ verification: Int32, _ wasEstablished: Bool
  ) -> SecurityFailure.Reason {
    switch reason {
    case SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST: .notTLS
    case SSL_R_WRONG_VERSION_NUMBER: wasEstablished ? .malformed : .notTLS
    case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_VERSION_TOO_HIGH,
      SSL_R_NO_PROTOCOLS_AVAILABLE, SSL_R_UNKNOWN_PROTOCOL, SSL_R_UNSUPPORTED_SSL_VERSION,
      SSL_R_INAPPROPRIATE_FALLBACK:
      .noSharedVersion
    case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SUITABLE_KEY_SHARE, SSL_R_NO_SUITABLE_GROUPS,
      SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS,
      SSL_R_NO_CIPHERS_AVAILABLE, SSL_R_WRONG_CURVE, SSL_R_NO_SHARED_GROUPS:
      .noSharedCipher
    case SSL_R_NO_APPLICATION_PROTOCOL: .noSharedApplicationProtocol
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: .certificateMissing
    case SSL_R_CERTIFICATE_VERIFY_FAILED: certificate(verification)
    case Int32(ERR_R_MALLOC_FAILURE), Int32(ERR_R_INTERNAL_ERROR): .internalError
    default: .malformed
    }
  }

  private static func certificate(_ verification: Int32) -> SecurityFailure.Reason {
    switch verification {
    case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID: .certificateExpired
    case X509_V_ERR_CERT_REVOKED: .certificateRevoked
    case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: .certificateNameMismatch
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
      X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
      X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_SIGNATURE_FAILURE,
      X509_V_ERR_CERT_UNTRUSTED, X509_V_ERR_INVALID_CA:
      .certificateUntrusted
    default: .certificateInvalid
    }
  }
}

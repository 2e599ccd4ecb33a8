// An OCSP response for stapling, read from a file and validated (RFC 6960). A value, not changed after it
// is made.

import COpenSSL
import Glibc

struct Staple: Sendable {
  /// The response as it is sent (DER).
  let bytes: [UInt8]
  /// Seconds since 1970 at which it ends; nil when it does not.
  private let end: Int?

  /// Reads the response and checks that it says that the first certificate of the chain is good.
  init(
    _ path: String, _ chain: [Owned], _ certificatePath: String
  ) throws(TLSConfigurationError) {
    bytes = try PEMFile(path, .ocspResponse).content
    guard let response = Self.decoded(bytes) else { throw .invalid(path: path, .ocspResponse) }
    defer { OCSP_RESPONSE_free(response) }
    guard OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL,
      let basic = OCSP_response_get1_basic(response)
    else { throw .staple(path: path, certificatePath: certificatePath) }
    defer { OCSP_BASICRESP_free(basic) }
    guard let single = Self.status(in: basic, of: chain), single.status == V_OCSP_CERTSTATUS_GOOD
    else { throw .staple(path: path, certificatePath: certificatePath) }
    try CertificateTime.check(
      from: single.start.map { UnsafePointer($0) }, until: single.end.map { UnsafePointer($0) },
      path, .ocspResponse)
    end = single.end.flatMap { time in
      var parts = tm()
      return ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : nil
    }
  }

  /// Whether it still says something: clients reject a response that has ended.
  var isInForce: Bool { end.map { time(nil) < $0 } ?? true }

  private static func decoded(_ bytes: [UInt8]) -> OpaquePointer? {
    defer { ERR_clear_error() }
    return bytes.withUnsafeBufferPointer { buffer in
      var start = buffer.baseAddress
      return d2i_OCSP_RESPONSE(nil, &start, buffer.count)
    }
  }

  private struct Single {
    var status: Int32
    var start: UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?
    var end: UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?
  }

  /// What the response says about the certificate, which is found by its serial number.
  private static func status(in basic: OpaquePointer, of chain: [Owned]) -> Single? {
    let certificate = chain[0].pointer
    for index in 0..<OCSP_resp_count(basic) {
      guard let single = OCSP_resp_get0(basic, index) else { continue }
      var serial: UnsafeMutablePointer<ASN1_INTEGER>?
      let id = OCSP_SINGLERESP_get0_id(single)
      OCSP_id_get0_info(nil, nil, nil, &serial, id)
      guard ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(certificate)) == 0 else { continue }
      var result = Single(status: 0)
      var reason: Int32 = 0
      result.status = OCSP_single_get0_status(single, &reason, nil, &result.start, &result.end)
      return result
    }
    return nil
  }
}

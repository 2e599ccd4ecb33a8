// What tests make a client's OpenSSL do that sessions have no call for.

import COpenSSL
import Throng

@testable import ThrongTLS

extension SessionPair {
  private var library: OpaquePointer { (client as! TLSSession).ssl }

  /// The client's first message.
  func queuedByClient() -> [UInt8] {
    _ = handshake(client, [], &toServer)
    return takeForServer()
  }

  /// The client asks for the server's OCSP response.
  func requestStaple() {
    SSL_ctrl(library, SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE, Int(TLSEXT_STATUSTYPE_ocsp), nil)
  }

  var receivedStapleCount: Int? {
    var response: UnsafeMutablePointer<UInt8>?
    let count = SSL_ctrl(library, SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP, 0, &response)
    return count > 0 ? count : nil
  }

  /// The client changes its keys before the next data, and asks the server to do the same.
  func requestKeyUpdate() { SSL_key_update(library, SSL_KEY_UPDATE_REQUESTED) }

  /// - Returns: whether the client may ask for another handshake.
  func requestRenegotiation() -> Bool { SSL_renegotiate(library) == 1 }
}

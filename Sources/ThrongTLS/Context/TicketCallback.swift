// How OpenSSL gets the keys of session tickets: AES-256-CBC and HMAC-SHA-256
// (SSL_CTX_set_tlsext_ticket_key_evp_cb(3)). Called on the thread that drives the handshake.

import COpenSSL
import LinuxSystem

enum TicketCallback {
  /// Fetched once: a fetch for each ticket would look the algorithm up by name under a lock.
  nonisolated(unsafe) private static let cipher = EVP_CIPHER_fetch(nil, "AES-256-CBC", nil)

  private static let failed: Int32 = -1
  private static let unknownKey: Int32 = 0
  private static let done: Int32 = 1
  private static let renew: Int32 = 2

  static let function:
    @convention(c) (
      OpaquePointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt8>?, OpaquePointer?,
      OpaquePointer?, Int32
    ) -> Int32 = { ssl, name, vector, cipherContext, macContext, encrypts in
      guard let settings = TLSSession.of(ssl)?.serverSettings, let name, let vector else {
        return failed
      }
      let now = MonotonicTime.coarseNow
      if encrypts == 1 {
        guard let key = settings.ticketKeys.current(now: now), RAND_bytes(vector, 16) == 1 else {
          return failed
        }
        for (index, byte) in key.name.enumerated() { name[index] = byte }
        return prepare(key, vector, cipherContext, macContext, encrypts: true) ? done : failed
      }
      let wanted = UnsafeBufferPointer(start: name, count: TicketKeys.Key.nameCount)
      guard let (key, isCurrent) = settings.ticketKeys.key(named: wanted, now: now) else {
        return unknownKey
      }
      guard prepare(key, vector, cipherContext, macContext, encrypts: false) else { return failed }
      // A client of TLS 1.3 uses each ticket once.
      return isCurrent && SSL_version(ssl) != TLS1_3_VERSION ? done : renew
    }

  private static func prepare(
    _ key: TicketKeys.Key, _ vector: UnsafeMutablePointer<UInt8>, _ cipherContext: OpaquePointer?,
    _ macContext: OpaquePointer?, encrypts: Bool
  ) -> Bool {
    let isCipherSet = key.encryption.withUnsafeBufferPointer {
      EVP_CipherInit_ex(cipherContext, cipher, nil, $0.baseAddress, vector, encrypts ? 1 : 0) == 1
    }
    return isCipherSet
      && key.authentication.withUnsafeBufferPointer {
        shim_EVP_MAC_CTX_set_hmac_sha256(macContext, $0.baseAddress, $0.count) == 1
      }
  }
}

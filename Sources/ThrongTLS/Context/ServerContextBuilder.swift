// Makes the SSL_CTX of each set of certificates: all alike but for these. Used once, while the settings
// are made; the callbacks are called on the thread that drives a handshake.

import COpenSSL
import Throng

struct ServerContextBuilder {
  private let configuration: TLSServerConfiguration
  private let identities: [Identity]
  private let authorities: Authorities?
  /// What a resumed session must agree in. With client certificates it is new for each state of the
  /// configuration: a session does not outlive the authorities and lists that it was verified by.
  private let sessionID: [UInt8]
  private var contexts: [[Int]: LibraryContext] = [:]

  private static let ticketLifetime = 7200

  init(
    _ configuration: TLSServerConfiguration, _ identities: [Identity]
  ) throws(TLSConfigurationError) {
    self.configuration = configuration
    self.identities = identities
    var sessionID = Array("throng".utf8)
    switch configuration.clientAuthentication {
    case .none: authorities = nil
    case .request(let files), .require(let files):
      authorities = try Authorities(files)
      sessionID = [UInt8](repeating: 0, count: 16)
      guard RAND_bytes(&sessionID, 16) == 1 else {
        throw .library(LibraryErrors.text(LibraryErrors.take()))
      }
    }
    self.sessionID = sessionID
  }

  /// The context with these certificates.
  mutating func context(for indices: [Int]) throws(TLSConfigurationError) -> LibraryContext {
    if let context = contexts[indices] { return context }
    let context = try LibraryContext(TLS_server_method(), minimum: configuration.minimumVersion)
    for index in indices { try context.use(identities[index]) }
    let pointer = context.pointer
    _ = shim_SSL_CTX_set_session_cache_mode(pointer, Int(SSL_SESS_CACHE_OFF))
    SSL_CTX_set_session_id_context(pointer, sessionID, UInt32(sessionID.count))
    SSL_CTX_set_timeout(pointer, Self.ticketLifetime)
    // A client of this kind of server has one connection at a time: one ticket for the next.
    SSL_CTX_set_num_tickets(pointer, 1)
    SSL_CTX_set_tlsext_ticket_key_evp_cb(pointer, TicketCallback.function)
    _ = shim_SSL_CTX_set_tlsext_servername_callback(pointer, ServerCallbacks.serverName)
    if !configuration.applicationProtocols.isEmpty {
      SSL_CTX_set_alpn_select_cb(pointer, ServerCallbacks.applicationProtocol, nil)
    }
    if indices.contains(where: { identities[$0].staple != nil }) {
      _ = shim_SSL_CTX_set_tlsext_status_cb(pointer, ServerCallbacks.staple)
    }
    try verifyClients(context)
    contexts[indices] = context
    return context
  }

  private func verifyClients(_ context: LibraryContext) throws(TLSConfigurationError) {
    guard let authorities else { return }
    try context.trust(authorities)
    // The client chooses its certificate by the names of these.
    for certificate in authorities.certificates {
      SSL_CTX_add_client_CA(context.pointer, certificate.pointer)
    }
    var mode = SSL_VERIFY_PEER
    if case .require = configuration.clientAuthentication {
      mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT
    }
    SSL_CTX_set_verify(context.pointer, mode, nil)
  }
}

/// What OpenSSL asks a server in the course of a handshake.
private enum ServerCallbacks {
  /// Chooses the certificates by the name that the client asks for (SNI).
  static let serverName:
    @convention(c) (
      OpaquePointer?, UnsafeMutablePointer<Int32>?, UnsafeMutableRawPointer?
    ) -> Int32 = { ssl, _, _ in
      guard let settings = TLSSession.of(ssl)?.serverSettings,
        let name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)
      else { return SSL_TLSEXT_ERR_OK }
      let context = settings.context(for: String(cString: name))
      if context !== settings.defaultContext { SSL_set_SSL_CTX(ssl, context.pointer) }
      return SSL_TLSEXT_ERR_OK
    }

  /// Takes the first protocol of the server's list that the client offers.
  static let applicationProtocol:
    @convention(c) (
      OpaquePointer?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, UnsafeMutablePointer<UInt8>?,
      UnsafePointer<UInt8>?, UInt32, UnsafeMutableRawPointer?
    ) -> Int32 = { ssl, chosen, chosenCount, offered, offeredCount, _ in
      guard let settings = TLSSession.of(ssl)?.serverSettings else {
        return SSL_TLSEXT_ERR_ALERT_FATAL
      }
      let offered = UnsafeBufferPointer(start: offered, count: Int(offeredCount))
      for own in names(settings.applicationProtocols) {
        for name in names(offered) where name.elementsEqual(own) {
          chosen?.pointee = offered.baseAddress.map { $0 + name.startIndex }
          chosenCount?.pointee = UInt8(name.count)
          return SSL_TLSEXT_ERR_OK
        }
      }
      return SSL_TLSEXT_ERR_ALERT_FATAL
    }

  /// Sends the OCSP response of the certificate that this handshake uses.
  static let staple: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = {
    ssl, _ in
    guard let settings = TLSSession.of(ssl)?.serverSettings,
      let certificate = SSL_get_certificate(ssl), let bytes = settings.staple(for: certificate),
      let copy = CRYPTO_memdup(bytes, bytes.count, nil, 0)
    else { return SSL_TLSEXT_ERR_NOACK }
    let response = copy.assumingMemoryBound(to: UInt8.self)
    _ = shim_SSL_set_tlsext_status_ocsp_resp(ssl, response, bytes.count)
    return SSL_TLSEXT_ERR_OK
  }

  /// The names in an encoded list; a client's list was checked by OpenSSL.
  private static func names<List: RandomAccessCollection<UInt8>>(
    _ list: List
  ) -> [List.SubSequence] where List.Index == Int {
    var names: [List.SubSequence] = []
    var index = list.startIndex
    while index < list.endIndex {
      let end = min(index + 1 + Int(list[index]), list.endIndex)
      names.append(list[(index + 1)..<end])
      index = end
    }
    return names
  }
}

// One state of a server's configuration, validated and ready: which certificate serves which name.
// Immutable. Sessions keep the settings that they were made with, so a reload does not touch them.

import COpenSSL
import Throng

final class ServerSettings: Sendable {
  /// Serves clients that name no server or an unknown one. Sessions are made from it.
  let defaultContext: LibraryContext
  let ticketKeys: TicketKeys
  /// As sent, by preference.
  let applicationProtocols: [UInt8]
  let warnings: [TLSConfigurationWarning]
  private let exact: [String: LibraryContext]
  /// By what follows the `*.`.
  private let wildcards: [String: LibraryContext]
  private let identities: [Identity]

  init(
    _ configuration: TLSServerConfiguration, _ ticketKeys: TicketKeys
  ) throws(TLSConfigurationError) {
    let identities = try configuration.identities.map { files throws(TLSConfigurationError) in
      try Identity(files)
    }
    guard !identities.isEmpty else { throw .noIdentity }
    self.identities = identities
    self.ticketKeys = ticketKeys
    applicationProtocols = try ApplicationProtocols.encoded(configuration.applicationProtocols)
    warnings = identities.flatMap(\.warnings)
    var builder = try ServerContextBuilder(configuration, identities)
    let assignment = CertificateAssignment(identities.map { ($0.names, $0.keyType) })
    defaultContext = try builder.context(for: assignment.standard)
    var exact: [String: LibraryContext] = [:]
    var wildcards: [String: LibraryContext] = [:]
    for (name, indices) in assignment.byName {
      let context = try builder.context(for: indices)
      if name.hasPrefix("*.") {
        wildcards[String(name.dropFirst(2))] = context
      } else {
        exact[name] = context
      }
    }
    self.exact = exact
    self.wildcards = wildcards
  }

  /// What serves a name; the default for unknown names.
  func context(for name: String) -> LibraryContext {
    let name = name.lowercased()
    if let context = exact[name] { return context }
    guard let dot = name.firstIndex(of: ".") else { return defaultContext }
    return wildcards[String(name[name.index(after: dot)...])] ?? defaultContext
  }

  /// The OCSP response for a certificate of this server, while it is in force.
  func staple(for certificate: OpaquePointer) -> [UInt8]? {
    identities.first { $0.certificate.pointer == certificate }?
      .staple.flatMap { $0.isInForce ? $0.bytes : nil }
  }
}

/// Which certificates serve which name, as indices of the certificates: for each name the first one of
/// each type of key.
struct CertificateAssignment {
  private(set) var byName: [String: [Int]] = [:]
  /// The first certificate, and those of other types of keys that share a name with it.
  private(set) var standard: [Int] = []

  init(_ certificates: [(names: [String], keyType: Int32)]) {
    let join = { (index: Int, indices: inout [Int]) in
      let isNew = !indices.contains { certificates[$0].keyType == certificates[index].keyType }
      if isNew { indices.append(index) }
    }
    for (index, certificate) in certificates.enumerated() {
      for name in certificate.names { join(index, &byName[name, default: []]) }
      let sharesName =
        index == 0 || certificate.names.contains(where: certificates[0].names.contains)
      if sharesName { join(index, &standard) }
    }
  }
}

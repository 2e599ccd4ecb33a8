// Flags for a server behind a proxy that speaks the PROXY protocol.

import ArgumentParser
import LinuxSystem
import Throng

private let defaults = Configuration()

struct ProxyFlags: ParsableArguments {
  @Option(
    help: .value(
      "blocks",
      """
      Require a PROXY protocol header (version 1 or 2) from clients in these blocks of addresses, \
      separated by commas, such as 10.0.0.0/8,::1; unix for the clients of Unix sockets.
      """, default: "none"),
    transform: { try ListArgument(parsing: $0, Self.block) })
  var proxyProtocolFrom: ListArgument<AddressRange>?

  @Option(
    help: .value(
      "duration", "Time that a proxy may take to send its header.",
      default: DurationArgument(defaults.proxyProtocolTimeout)),
    transform: DurationArgument.init(parsing:))
  var proxyProtocolTimeout: DurationArgument?

  @Sendable private static func block(_ text: String) throws -> AddressRange {
    do {
      return try AddressRange(text)
    } catch {
      throw ValidationError("\(error)")
    }
  }

  func validate() throws {
    if proxyProtocolTimeout != nil, proxyProtocolFrom == nil {
      throw ValidationError("--proxy-protocol-timeout requires --proxy-protocol-from")
    }
  }

  func apply(to configuration: inout Configuration) {
    configuration.proxyProtocolFrom = proxyProtocolFrom?.values ?? []
    if let proxyProtocolTimeout {
      configuration.proxyProtocolTimeout = proxyProtocolTimeout.duration
    }
  }
}

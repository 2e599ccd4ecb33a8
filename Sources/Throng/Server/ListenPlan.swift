// What a configuration's endpoints come to: the sockets to open, decided before anything is opened.

import Glibc
import LinuxSystem

/// One address to listen on, decided before anything is opened.
struct ListenPlan {
  var address: SocketAddress
  /// As a person would name it in an error.
  let place: String
  var isDualStack = false
  var sharing = Sharing.none
  var unixPath: String?
  var mode = Endpoint.defaultMode
  var options = ListenerOptions()
  /// A service manager opens the sockets.
  var isPassed = false
  /// Sockets that listen already; empty: the server opens its own.
  var passed: [PassedSocket] = []

  /// How the sockets of several loops come to listen on one address.
  enum Sharing {
    /// There is one loop.
    case none
    /// The first socket takes the address alone, so that it fails if any other socket has it; then it
    /// allows others (SO_REUSEPORT).
    case first
    /// The sockets of the other loops join the first.
    case further
  }

  /// A path or an abstract name.
  var isUnix: Bool { address.family == AF_UNIX }

  /// What the configuration's endpoints come to.
  static func plans(
    for listeners: [ListenerConfiguration], sharing: Sharing
  ) throws(ServerError) -> [ListenPlan] {
    var plans: [ListenPlan] = []
    for listener in listeners {
      do {
        plans += try self.plans(for: listener.endpoint, sharing).map { plan in
          var plan = plan
          plan.options = listener.options
          return plan
        }
      } catch {
        throw .address(error)
      }
    }
    // `::` takes IPv4 clients as well, unless IPv4's own any-address is listened on beside it.
    let hasIPv4Wildcard = plans.contains {
      if case .ipv4(0, _) = $0.address.storage { true } else { false }
    }
    if hasIPv4Wildcard { for index in plans.indices { plans[index].isDualStack = false } }
    return withoutDuplicates(plans)
  }

  /// A host may be given twice, by two names: binding its address twice would fail.
  private static func withoutDuplicates(_ plans: [ListenPlan]) -> [ListenPlan] {
    var kept: [ListenPlan] = []
    for (index, plan) in plans.enumerated() {
      if plan.isPassed {
        kept.append(plan)
        continue
      }
      let isTwin = kept.contains { $0.address == plan.address && plan.address.port != 0 }
      let isCovered = plans.indices.contains { $0 != index && plans[$0].includes(plan) }
      if !isTwin, !isCovered { kept.append(plan) }
    }
    return kept
  }

  /// Whether this is a wildcard address that takes the clients of the other one.
  private func includes(_ other: ListenPlan) -> Bool {
    guard !isPassed, let port = address.port, port != 0, port == other.address.port else {
      return false
    }
    return switch (address.storage, other.address.storage) {
    case (.ipv4(0, _), .ipv4(let host, _)): host != 0
    case (.ipv6(0, 0, _, _), .ipv6(let high, let low, _, _)): (high, low) != (0, 0)
    case (.ipv6(0, 0, _, _), .ipv4(let host, _)): isDualStack && host != 0
    default: false
    }
  }

  private static func plans(
    for endpoint: Endpoint, _ sharing: Sharing
  ) throws(AddressError) -> [ListenPlan] {
    switch endpoint {
    case .anyAddress(let port):
      guard (0...65535).contains(port) else { throw .portOutOfRange(port) }
      let address =
        isIPv6Available
        ? SocketAddress(.ipv6(high: 0, low: 0, scope: 0, port: UInt16(port)))
        : SocketAddress(.ipv4(address: 0, port: UInt16(port)))
      return [
        ListenPlan(
          address: address, place: "port \(port)", isDualStack: isIPv6Available, sharing: sharing)
      ]
    case .host(let host, let port):
      return try SocketAddress.resolve(host: host, port: port).map {
        ListenPlan(
          address: $0, place: "\($0)", isDualStack: $0.isWildcardIPv6, sharing: sharing)
      }
    case .unix(let path, let mode):
      let address = try SocketAddress.unix(path: path)
      let file = path.hasPrefix("@") ? nil : path
      return [ListenPlan(address: address, place: path, unixPath: file, mode: mode)]
    case .passed(let name):
      return passedPlans(name)
    }
  }

  /// One for each address of the sockets that have the name; without sockets, one that cannot be opened.
  private static func passedPlans(_ name: String) -> [ListenPlan] {
    let sockets = PassedSockets.ofThisProcess.take(named: name)
    var plans: [ListenPlan] = []
    for socket in sockets where !plans.contains(where: { $0.address == socket.address }) {
      plans.append(
        ListenPlan(
          address: socket.address, place: "fd:\(name)", isPassed: true,
          passed: sockets.filter { $0.address == socket.address }))
    }
    if !plans.isEmpty { return plans }
    return [ListenPlan(address: SocketAddress(.unix("")), place: "fd:\(name)", isPassed: true)]
  }

  private static var isIPv6Available: Bool {
    (try? Socket(family: AF_INET6, nonBlocking: false)) != nil
  }
}

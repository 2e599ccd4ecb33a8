// How a server loop admits clients behind proxies: there is a connection once the PROXY protocol header has
// come. On a thread of the loop.

import LinuxSystem
import SystemPackage

extension ServerLoop {
  func awaitHeader(_ client: consuming AcceptedClient, _ listener: ListenerOptions) {
    do {
      let reader = ProxyHeaderReader(client, listener, serverLoop: self)
      try reader.start(deadline: loop.now + configuration.proxyProtocolTimeout)
      if state.withLock({ $0.shutdown.stage >= .resetting }) { reader.fail(.timedOut) }
    } catch {
      forgetConnection(nil)
      pause(exhausted: error)
    }
  }

  /// The header has come.
  func admit(
    _ socket: consuming Socket, _ header: ProxyHeader, from proxy: SocketAddress,
    _ listener: ListenerOptions
  ) {
    if let event = admission.identify(header.source) {
      counters.count(event.refusal)
      socket.reset()
      forgetConnection(nil)
      return admission.log.write(event, to: log)
    }
    start(socket, .proxied(ProxiedClient(header, from: proxy)), listener)
  }

  /// The header is not as it must be, or has not come in time.
  func refuse(_ socket: consuming Socket, _ error: ProxyProtocolError, from proxy: SocketAddress) {
    // Load balancers look whether the port is open, and say nothing.
    let isProbe = error == .truncated
    if !isProbe { counters.badProxyHeaders.add(1) }
    socket.reset()
    forgetConnection(nil)
    if isProbe { return log.debug("no client from \(proxy): \(error)") }
    admission.log.write(.badProxyHeader(proxy, error), to: log)
  }

  /// Ends those whose header has not come: past the drain deadline.
  func resetHeaderReaders() {
    for case let reader as ProxyHeaderReader in loop.sources { reader.fail(.timedOut) }
  }
}

/// What the bytes of a new client must begin with.
enum ClientBeginning {
  case clientsBytes, proxyHeader
  /// It may not connect here.
  case nothing
}

extension Configuration {
  /// What must come first from a client. Listeners with ``ListenerOptions/expectsProxyHeader`` are for
  /// proxies alone; where there are none, proxies are known by their addresses.
  func beginning(of peer: SocketAddress, _ listener: ListenerOptions) -> ClientBeginning {
    if proxyProtocolFrom.isEmpty { return .clientsBytes }
    let isTrusted = proxyProtocolFrom.contains { $0.contains(peer) }
    if listener.expectsProxyHeader { return isTrusted ? .proxyHeader : .nothing }
    let hasListenersForProxies = listen.contains { $0.options.expectsProxyHeader }
    return isTrusted && !hasListenersForProxies ? .proxyHeader : .clientsBytes
  }
}

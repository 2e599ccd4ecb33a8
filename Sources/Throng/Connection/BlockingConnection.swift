import SystemPackage
final class BlockingConnection: Connection, @unchecked Sendable {
  init(
    id: Int, remoteAddress: SocketAddress, context: ConnectionContext, driver: Driver,
    socket: consuming Socket
  ) {
    super.init(id: id, remoteAddress: remoteAddress, context: context)
  }
  func start(stackSize: Int) throws(Errno) {}
}

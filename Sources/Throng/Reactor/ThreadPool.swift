import SystemPackage
final class ThreadPool: Driver, @unchecked Sendable {
  init(threads: Int) throws(Errno) { try super.init(isOneShot: true) }
}

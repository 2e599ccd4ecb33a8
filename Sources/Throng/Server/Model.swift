// How handlers are given threads.

import Glibc

/// How a server gives threads to its handlers. The same handler runs under every model.
public struct Model: Sendable, Hashable {
  package enum Kind: Sendable, Hashable {
    case reactor(loops: Int)
    case threadPool(threads: Int)
    case threadPerClient(stackSize: Int)
  }
  package let kind: Kind

  /// One thread, its own, multiplexes all clients: a handler must not block it.
  public static let reactor = reactor(loops: 1)

  /// Several reactors, each on a thread of its own with a listener of its own; nothing is shared.
  /// The kernel spreads new clients over them (SO_REUSEPORT, socket(7)).
  public static func reactor(loops: Int) -> Model {
    precondition(loops > 0, "a server needs at least one loop")
    return Model(kind: .reactor(loops: loops))
  }

  /// As many worker threads as the machine has cores.
  public static var threadPool: Model {
    threadPool(threads: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }

  /// Worker threads: whichever is free serves whichever client is ready, one worker at a time for each
  /// client. A handler that blocks takes its worker with it, no more.
  public static func threadPool(threads: Int) -> Model {
    precondition(threads > 0, "a server needs at least one worker thread")
    return Model(kind: .threadPool(threads: threads))
  }

  /// A thread for each client, which blocks in its calls.
  public static let threadPerClient = threadPerClient(stackSize: defaultStackSize)

  /// A thread for each client, with a stack of this many bytes of address space.
  public static func threadPerClient(stackSize: Int) -> Model {
    precondition(stackSize >= minimumStackSize, "a stack needs at least \(minimumStackSize) bytes")
    return Model(kind: .threadPerClient(stackSize: stackSize))
  }

  /// Whether connections are served from epoll events rather than by threads that block.
  var isReadinessDriven: Bool {
    if case .threadPerClient = kind { false } else { true }
  }

  /// The same model with another number of threads.
  func with(threadCount: Int) -> Model {
    switch kind {
    case .reactor: .reactor(loops: threadCount)
    case .threadPool: .threadPool(threads: threadCount)
    case .threadPerClient: self
    }
  }

  /// Bytes of a stack unless another size is given.
  public static let defaultStackSize = 256 * 1024
  /// The smallest stack, in bytes.
  public static let minimumStackSize = 64 * 1024
}

extension Model: CustomStringConvertible {
  /// A description for log lines and error messages.
  public var description: String {
    switch kind {
    case .reactor(1): "reactor"
    case .reactor(let loops): "reactor, \(loops) loops"
    case .threadPool(let threads): "thread-pool, \(threads) thread\(threads == 1 ? "" : "s")"
    case .threadPerClient: "thread-per-client"
    }
  }
}

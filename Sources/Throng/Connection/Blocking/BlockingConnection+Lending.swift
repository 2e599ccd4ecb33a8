// A socket that a program has under thread-per-client, see `Connection.lendSocket`. No thread of the
// connection is in a call on the socket then.

extension BlockingConnection {
  func beginLending() {
    state.withLock { s in
      s.isLent = true
      if s.lifecycle.isDraining { shutdownReceiving(&s) }
    }
  }

  func closeHere() {
    state.withLock { s in
      if s.isWatched, s.transport.isOpen { loop.epoll.delete(s.transport.descriptor) }
      s.transport.close()
      s.lifecycle.handle(.socketClosed)
    }
  }

  func shutdownReceiving(_ s: inout State) {
    s.transport.socket.shutdownReceiving()
    s.receivingIsShut = true
  }
}

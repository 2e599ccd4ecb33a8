// Why a transport has not received or sent.

import SystemPackage

enum TransportError: Error {
  /// Nothing can be received, or nothing sent, until the loop reports that the socket is ready.
  case wouldBlock
  /// The peer has ended what it sends without close_notify, so that it may have been cut off.
  case truncated
  /// The connection is over.
  case failed(ConnectionError)

  @inline(__always)
  init(_ errno: Errno) {
    self = errno == .resourceTemporarilyUnavailable ? .wouldBlock : .failed(.lost(errno))
  }
}

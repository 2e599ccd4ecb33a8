// A connection's socket in the hands of a program that serves the client instead of the handler. Any thread.

import LinuxSystem
import SystemPackage

extension Connection {
  /// Another descriptor of the socket, which the caller closes, for a program that receives and sends
  /// instead of the handler. The socket blocks from now on, and a drain ends what can be received from it.
  /// - Throws: ``ConnectionError/closed``; ``ConnectionError/lost(_:)`` with EMFILE.
  package final func lendSocket() throws(ConnectionError) -> CInt {
    var result = Result<CInt, ConnectionError>.failure(.closed)
    kind.withDescriptor { descriptor in
      do throws(Errno) {
        result = .success(try Descriptor.duplicate(descriptor))
      } catch {
        result = .failure(.lost(error))
      }
    }
    let descriptor = try result.get()
    Descriptor.setNonBlocking(descriptor, false)
    kind.beginLending()
    return descriptor
  }

  /// No program has the socket any more.
  package final func takeSocketBack() {
    if !receivesAtOnce { kind.withDescriptor { Descriptor.setNonBlocking($0, true) } }
  }

  /// Closes the socket here and sends nothing: the client sees the end when the last process that was lent
  /// the socket has closed it. The handler goes on.
  package final func leaveSocket() { kind.closeHere() }
}

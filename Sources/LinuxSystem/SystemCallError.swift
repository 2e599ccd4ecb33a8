// A system call that must not fail has failed: its name and the error. A value.

import SystemPackage

@usableFromInline
package struct SystemCallError: Error, Equatable, Sendable {
  /// The name of the call, such as epoll_wait.
  package let call: String
  package let errno: Errno

  package init(call: String, errno: Errno) {
    self.call = call
    self.errno = errno
  }
}

extension Errno {
  /// The system's words for the error, as they stand within a sentence.
  package var sentence: String {
    let text = "\(self)"
    return text.prefix(1).lowercased() + text.dropFirst()
  }
}

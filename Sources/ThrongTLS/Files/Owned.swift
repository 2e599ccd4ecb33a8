// Memory of OpenSSL's objects. Each owner holds one reference and gives it back at its end. Any thread:
// OpenSSL counts references atomically, and nothing changes these objects after they are made.

import COpenSSL

/// One reference to an object of OpenSSL.
final class Owned: @unchecked Sendable {
  // Invariant behind @unchecked: both are constants, and the object is not changed once it is owned here
  // and shared.
  let pointer: OpaquePointer
  private let free: @Sendable (OpaquePointer?) -> Void

  init(_ pointer: OpaquePointer, _ free: @escaping @Sendable (OpaquePointer?) -> Void) {
    self.pointer = pointer
    self.free = free
  }

  deinit { free(pointer) }
}

/// Takes the errors of the calling thread, which OpenSSL keeps in a queue, and empties the queue.
enum LibraryErrors {
  /// Must be empty before a call whose result SSL_get_error(3) interprets. A look is much cheaper than
  /// emptying, which visits every place of the queue.
  @inline(__always)
  static func clear() { if ERR_peek_error() != 0 { ERR_clear_error() } }

  /// The first error, which says most; 0 without one.
  static func take() -> UInt {
    let code = ERR_peek_error()
    ERR_clear_error()
    return code
  }

  static func reason(_ code: UInt) -> Int32 { ERR_GET_REASON(code) }
  static func library(_ code: UInt) -> Int32 { ERR_GET_LIB(code) }

  static func text(_ code: UInt) -> String {
    if code == 0 { return "" }
    return ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)"
  }
}

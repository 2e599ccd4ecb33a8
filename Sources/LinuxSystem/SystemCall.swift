// How every system call's result becomes a value or a thrown `Errno`. Any thread.
// The shim returns `-errno` where the call failed, so nothing here reads `errno`.

import CEpollShim
import SystemPackage

/// The result of a call of the shim, or its error.
@inlinable @inline(__always)
package func check<Result: SignedInteger & FixedWidthInteger>(
  _ result: Result
) throws(Errno) -> Result {
  if result < 0 { throw Errno(rawValue: CInt(truncatingIfNeeded: -result)) }
  return result
}

/// The same for a call that a signal may interrupt: it is made again after EINTR.
@inlinable @inline(__always)
package func retrying<Result: SignedInteger & FixedWidthInteger>(
  _ call: () -> Result
) throws(Errno) -> Result {
  while true {
    let result = call()
    if result != Result(-EINTR) { return try check(result) }
  }
}

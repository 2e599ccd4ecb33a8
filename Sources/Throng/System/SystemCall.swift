// How every system call's result becomes a value or a thrown `Errno`. Any thread.
// The shim returns `-errno` where the call failed, so nothing here reads `errno`.

import CEpollShim
import SystemPackage

/// The result of a call of the shim, or its error.
@inline(__always)
func check<Result: SignedInteger & FixedWidthInteger>(
  _ result: Result
) throws(Errno) -> Result {
  if result < 0 { throw Errno(rawValue: CInt(truncatingIfNeeded: -result)) }
  return result
}

/// The same for a call that a signal may interrupt: it is made again after EINTR.
@inline(__always)
func retrying<Result: SignedInteger & FixedWidthInteger>(
  _ call: () -> Result
) throws(Errno) -> Result {
  while true {
    let result = call()
    if result != Result(-EINTR) { return try check(result) }
  }
}

/// For calls that can fail only through a bug of ours, such as EBADF on a descriptor that we own.
@inline(__always)
func mustSucceed<Result: SignedInteger & FixedWidthInteger>(
  _ result: Result, _ what: StaticString
) {
  precondition(result >= 0, "\(what): \(Errno(rawValue: CInt(truncatingIfNeeded: -result)))")
}

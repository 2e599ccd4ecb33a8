// Which task runs now: an id to compare, without the reference that `withUnsafeCurrentTask` retains and
// releases. Any thread.

import CEpollShim

@usableFromInline
package enum CurrentTask {
  /// Equal ids mean the same task while that task lives; 0 outside of any task.
  @inlinable @inline(__always)
  package static var id: UInt { UInt(bitPattern: shim_current_task()) }
}

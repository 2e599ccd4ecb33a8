// Which task runs now. A handler's own task is cancelled only together with its connection, so it
// needs no cancellation handler around each wait; every other task does.

enum CurrentTask {
  /// Equal ids mean the same task while that task lives; 0 outside of any task.
  @inline(__always)
  static var id: UInt {
    // Only compared, never used as a reference. No task is no reference, which is 0.
    withUnsafeCurrentTask { unsafeBitCast($0, to: UInt.self) }
  }
}

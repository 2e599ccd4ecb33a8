// Serializes the callbacks of an event handler: what happens to its connection while one of them runs waits
// for its end. Held under the lock of the connection.

struct CallbackTurn {
  /// A callback runs.
  var isBusy = false
  /// The event handler is still to be told that the input has ended.
  var inputEndIsDue = false
  /// What `handleWakeup` was called for is still to be done.
  var missedWakeup = false
}

// Settings and limits of this process and of the calling thread.

import CEpollShim
import SystemPackage

package enum ThisProcess {
  /// Writing to a pipe or socket without a reader fails with EPIPE instead of ending the process.
  package static func ignoreBrokenPipes() { shim_ignore_broken_pipes() }

  /// Raises the soft limit of open descriptors to the hard limit (getrlimit(2)).
  /// - Returns: the limit in force; nil when it cannot be raised.
  @discardableResult
  package static func raiseDescriptorLimit() -> Int? {
    let limit = shim_raise_descriptor_limit()
    return limit < 0 ? nil : Int(clamping: limit)
  }

  /// Processes and threads that the user may have (RLIMIT_NPROC); nil without a limit.
  package static var processLimit: Int? {
    let limit = shim_process_limit()
    return limit < 0 ? nil : Int(clamping: limit)
  }

  /// Descendants whose parents have ended become children of this process (PR_SET_CHILD_SUBREAPER).
  package static func adoptDescendants() { shim_adopt_descendants() }

  /// Timers of the calling thread fire without the usual slack of 50 us (PR_SET_TIMERSLACK).
  package static func usePreciseTimers() { shim_use_precise_timers() }
}

/// CPU time in nanoseconds.
package enum CPUTime {
  /// Of the calling thread.
  package static var ofThisThread: UInt64 { shim_thread_nanoseconds() }

  /// Of this process and of the children that it has waited for (getrusage(2)).
  package static var ofThisProcessAndChildren: Int64 { shim_used_nanoseconds() }

  /// Of a process, with its threads that have ended (clock_getcpuclockid(3)); nil when there is none.
  package static func of(pid: Int) -> Int64? {
    let time = shim_process_nanoseconds(pid_t(pid))
    return time < 0 ? nil : time
  }
}

/// Has the processor fetch memory that will be read and written soon.
@inlinable
package func prefetchMemory(_ memory: UnsafeRawPointer, size: Int) {
  shim_prefetch(memory, size)
}

// What must hold for descriptors 0 to 2 before anything else happens in the process.

import Glibc
import LinuxSystem
import SystemPackage
import Throng
import ThrongHandlers

enum StandardDescriptors {
  /// How long the end of the process waits for the readers of standard output and error.
  private static let flushTime = Duration.seconds(1)

  /// Called first in `main`, on its thread.
  static func prepare() {
    openMissing()
    // A reader of standard error that has gone must not end the process (SIGPIPE, signal(7)).
    ThisProcess.ignoreBrokenPipes()
    atexit { StandardDescriptors.flush() }
  }

  /// A descriptor that is closed would be taken by the next thing that is opened, such as an event loop's
  /// eventfd, and be written to. Reading and writing go on to fail with EBADF, because each is opened the
  /// wrong way round.
  private static func openMissing() {
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
      guard fcntl(descriptor, F_GETFD) < 0, errno == EBADF else { continue }
      let reason: String
      do throws(Errno) {
        let opened = try Descriptor.open(
          "/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        if opened == descriptor { continue }
        reason = "got another descriptor"
      } catch {
        reason = error.sentence
      }
      StandardError.write(
        "throng: descriptor \(descriptor) is closed, and /dev/null cannot be opened in its place: "
          + "\(reason) (open it: <, > and 2> of the shell)")
      exit(EXIT_FAILURE)
    }
  }

  private static func flush() {
    let deadline = MonotonicTime.now + flushTime
    let lost = StandardOutput.queue.flush(until: deadline)
    if lost.bytes > 0 {
      StandardError.reportFailure(
        "\(lost.bytes) bytes that clients sent were not printed: standard output was not read")
    }
    StandardError.flush(until: deadline)
  }
}

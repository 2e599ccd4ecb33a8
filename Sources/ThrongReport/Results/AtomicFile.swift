// Atomic replacement of files: written beside the target, synced, and renamed.

import Glibc

/// A file could not be written.
public struct FileWriteError: Error, CustomStringConvertible {
  /// Path of the file.
  public let path: String
  /// Text of the system error.
  public let reason: String

  /// The error as a sentence.
  public var description: String { "cannot write \(path): \(reason)" }
}

package enum AtomicFile {
  static func write(_ text: String, to path: String) throws(FileWriteError) {
    let temporary = "\(path).\(getpid()).part"
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw failure(path, errno) }
    var problem = store(Array(text.utf8), in: file)
    // Without fsync(2), a crash of the machine may leave an empty file under the name.
    if problem == 0, fsync(file) != 0 { problem = errno }
    if close(file) != 0, problem == 0 { problem = errno }
    if problem == 0, rename(temporary, path) != 0 { problem = errno }
    guard problem != 0 else { return }
    unlink(temporary)
    throw failure(path, problem)
  }

  /// Renames a file, replacing an existing one.
  package static func move(_ path: String, to other: String) throws(FileWriteError) {
    if rename(path, other) != 0 { throw failure(other, errno) }
  }

  /// Creates a directory and its parents if they do not exist.
  package static func makeDirectory(_ path: String) throws(FileWriteError) {
    var made = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      made += (made.isEmpty || made == "/" ? "" : "/") + part
      if mkdir(made, 0o755) != 0, errno != EEXIST { throw failure(made, errno) }
    }
  }

  /// - Returns: 0, or an errno value.
  private static func store(_ bytes: [UInt8], in file: Int32) -> Int32 {
    var offset = 0
    while offset < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Glibc.write(file, buffer.baseAddress! + offset, buffer.count - offset)  // not empty
      }
      if count < 0, errno == EINTR { continue }
      if count < 0 { return errno }
      offset += count
    }
    return 0
  }

  private static func failure(_ path: String, _ error: Int32) -> FileWriteError {
    FileWriteError(path: path, reason: String(cString: strerror(error)))
  }
}

// Output of `throng bench`: the table or the files, checked before the benchmark. Main thread.

import Glibc
import ThrongLoad

struct BenchOutput {
  let json: String?
  let csv: String?

  /// Prints the table, unless a file goes to standard output; then fault sentences go to standard
  /// error.
  func write(_ result: LoadResult) throws {
    if json == "-" || csv == "-" {
      for fault in result.distinctFaults { StandardError.write(fault.sentence) }
    } else {
      print(BenchText(result, .standardOutput).text, terminator: "")
    }
    if let json { try put(try result.json(), json) }
    if let csv { try put(result.csv, csv) }
  }

  /// Checks before the benchmark that its files can be written. Existing content is kept.
  func checkFiles() throws(Failure) {
    for path in [json, csv].compactMap({ $0 }) where path != "-" { try Self.check(path) }
  }

  private static func check(_ path: String) throws(Failure) {
    var info = stat()
    let isThere = stat(path, &info) == 0
    let kind = isThere ? info.st_mode & S_IFMT : S_IFREG
    // A reader of a pipe would take a close for the end of the data.
    if kind != S_IFREG, kind != S_IFDIR {
      guard access(path, W_OK) == 0 else { throw refusal(path) }
      return
    }
    let isLink = lstat(path, &info) == 0
    let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw refusal(path) }
    close(file)
    // A failed benchmark leaves no empty file.
    if !isThere, !isLink { unlink(path) }
  }

  private static func refusal(_ path: String) -> Failure {
    Failure("cannot write \(path): \(String(cString: strerror(errno))) (choose another file)")
  }

  private func put(_ text: String, _ path: String) throws(Failure) {
    if path == "-" { return print(text, terminator: "") }
    guard let file = fopen(path, "w") else { throw Self.refusal(path) }
    let isWritten = fputs(text, file) >= 0
    guard fclose(file) == 0, isWritten else {
      throw Failure("cannot write all of \(path) (is the disk full?)")
    }
  }
}

// Output of `throng bench`: the table or the files, and progress on standard error. Main thread.

import Glibc
import ThrongLoad

struct BenchOutput {
  let json: String?
  let csv: String?

  /// Prints the table, unless a file goes to standard output; then fault sentences go to standard
  /// error.
  func write(_ result: LoadResult) throws {
    if json == "-" || csv == "-" {
      for sentence in result.faultSentences { StandardError.write(sentence) }
    } else {
      print(result.text, terminator: "")
    }
    if let json { try put(try result.json(), json) }
    if let csv { try put(result.csv, csv) }
  }

  /// Checks before the benchmark that its files can be written. Existing content is kept.
  func checkFiles() throws {
    for path in [json, csv].compactMap({ $0 }) where path != "-" { try Self.check(path) }
  }

  private static func check(_ path: String) throws {
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

  private static func refusal(_ path: String) -> LoadError {
    .system("cannot write \(path): \(String(cString: strerror(errno))) (choose another file)")
  }

  private func put(_ text: String, _ path: String) throws {
    if path == "-" { return print(text, terminator: "") }
    guard let file = fopen(path, "w") else { throw Self.refusal(path) }
    let isWritten = fputs(text, file) >= 0
    guard fclose(file) == 0, isWritten else {
      throw LoadError.system("cannot write all of \(path) (is the disk full?)")
    }
  }
}

/// One progress line per second; on a terminal, with a bar and redrawn in place.
final class BenchProgress: LoadObserver {
  private let isTerminal = isatty(2) == 1

  func runBegins(_ number: Int, of count: Int?, rate: Double?) {
    if count == 1 { return }
    let position = count.map { "\(number) of \($0)" } ?? "\(number)"
    let requested = rate.map { ", \(Decimals.rate($0)) messages/s" } ?? ""
    StandardError.write("run \(position)\(requested)")
  }

  func interval(_ interval: IntervalResult, of options: LoadOptions, rate: Double?) {
    var line = "\(Decimals.fixed(interval.seconds, 0)) s: \(interval.messages) messages"
    if let deliveries = interval.deliveries { line += ", \(deliveries) deliveries" }
    if options.mode == .idle { line = "\(Decimals.fixed(interval.seconds, 0)) s: held" }
    if let p50 = interval.p50, let p99 = interval.p99, let max = interval.max {
      let times = [p50, p99, max].map { DurationText.format(nanoseconds: Double($0)) }
      line += ", p50 \(times[0]), p99 \(times[1]), max \(times[2])"
    }
    guard isTerminal else { return StandardError.write(line) }
    let share = min(1, interval.seconds / (options.duration / .seconds(1)))
    let filled = Int(share * 20)
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled)
    StandardError.draw("\r\u{1b}[K[\(bar)] \(line)" + (share < 1 ? "" : "\n"))
  }
}

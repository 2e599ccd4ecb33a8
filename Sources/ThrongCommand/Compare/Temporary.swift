import Glibc
import ThrongReport

extension Report {
  static func makeDirectory(_ path: String) throws { mkdir(path, 0o755) }
  func write(to directory: String, baseline: CompareResults?) throws {}
  func terminalText(width: Int) -> String { "" }
}
struct Baseline {
  init(_ b: CompareResults, now: CompareResults, tolerance: Double) {}
  var regressions: [Int] { [] }
  func text() -> String { "" }
}

// Processor sets, written `0,2-3` (cpuset(7)), and the affinity of the calling thread.

import CEpollShim

package enum Processors {
  private static let maximumCount = 1024

  /// Parses a list such as `0,2-3`; nil for other text.
  package static func parse(_ text: some StringProtocol) -> [Int]? {
    var found: [Int] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard let low = ends[0], let high = ends.count == 1 ? low : ends[1], ends.count <= 2,
        low >= 0, low <= high, high < maximumCount
      else { return nil }
      found += low...high
    }
    return found
  }

  package static func text(_ processors: Set<Int>) -> String {
    processors.sorted().map(String.init).joined(separator: ", ")
  }

  /// Processors that the calling thread may run on.
  package static var ofThisThread: Set<Int> {
    var mask = [UInt64](repeating: 0, count: maximumCount / 64)
    guard shim_get_affinity(&mask, mask.count * 8) >= 0 else { return [] }
    return Set((0..<maximumCount).filter { mask[$0 / 64] >> UInt64($0 % 64) & 1 == 1 })
  }

  /// Pins the calling thread, and the processes that it starts.
  /// - Returns: false when the machine has none of the processors.
  package static func restrict(to processors: some Sequence<Int>) -> Bool {
    var mask = [UInt64](repeating: 0, count: maximumCount / 64)
    for processor in processors { mask[processor / 64] |= 1 << UInt64(processor % 64) }
    return shim_set_affinity(&mask, mask.count * 8) >= 0
  }
}

// Sets of processors, written `0,2-3` (cpuset(7)), and which of them a thread may use.

import CEpollShim

package enum Processors {
  private static let most = 1024

  /// Nil when it is no such list.
  package static func parse(_ text: some StringProtocol) -> [Int]? {
    var found: [Int] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard let low = ends[0], let high = ends.count == 1 ? low : ends[1], ends.count <= 2,
        low >= 0, low <= high, high < most
      else { return nil }
      found += low...high
    }
    return found
  }

  package static func text(_ processors: Set<Int>) -> String {
    processors.sorted().map(String.init).joined(separator: ", ")
  }

  /// Those of the calling thread.
  package static var ofThisThread: Set<Int> {
    var mask = [UInt64](repeating: 0, count: most / 64)
    guard shim_get_affinity(&mask, mask.count * 8) >= 0 else { return [] }
    return Set((0..<most).filter { mask[$0 / 64] >> UInt64($0 % 64) & 1 == 1 })
  }

  /// Restricts the calling thread, and the processes that it starts.
  /// - Returns: false when the machine has none of them.
  package static func restrict(to processors: some Sequence<Int>) -> Bool {
    var mask = [UInt64](repeating: 0, count: most / 64)
    for processor in processors { mask[processor / 64] |= 1 << UInt64(processor % 64) }
    return shim_set_affinity(&mask, mask.count * 8) >= 0
  }
}

// The results that a new comparison finds in its directory: hours of measuring, which it does not destroy.

import ThrongReport

package enum EarlierResults {
  /// Gives results.json the name results.previous.json, which may replace an older one, when there is
  /// anything in it that was measured, or that this version cannot read.
  /// - Returns: the new path; nil when there is nothing to keep.
  package static func keep(_ file: String) throws(FileWriteError) -> String? {
    do {
      let results = try CompareResults(contentsOf: file)
      if results.cells.allSatisfy(\.samples.isEmpty) { return nil }
    } catch {
      // What is there and cannot be read may be somebody's; what is not there cannot be kept.
      if case .unreadable = error { return nil }
    }
    let name = file.hasSuffix(ending) ? String(file.dropLast(ending.count)) : file
    let kept = name + ".previous" + ending
    try AtomicFile.move(file, to: kept)
    return kept
  }

  private static let ending = ".json"
}

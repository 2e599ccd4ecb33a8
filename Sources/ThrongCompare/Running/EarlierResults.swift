// Earlier results in the output directory, which a new comparison must not overwrite.

import ThrongReport

package enum EarlierResults {
  /// Renames results.json to results.previous.json, replacing an older one, if it has samples or
  /// cannot be decoded.
  /// - Returns: the new path; nil when there is nothing to keep.
  /// - Throws: `FileWriteError` when the file cannot be renamed.
  package static func keep(_ file: String) throws(FileWriteError) -> String? {
    do {
      let results = try CompareResults(contentsOf: file)
      if results.cells.allSatisfy(\.samples.isEmpty) { return nil }
    } catch {
      // A file that cannot be decoded may belong to the user; a missing file is no error.
      if case .unreadable = error { return nil }
    }
    let name = file.hasSuffix(ending) ? String(file.dropLast(ending.count)) : file
    let kept = name + ".previous" + ending
    try AtomicFile.move(file, to: kept)
    return kept
  }

  private static let ending = ".json"
}

// Results as files: JSON with everything, CSV with a row for each run. Any thread.

import FoundationEssentials

extension LoadResult {
  /// The whole result as JSON, one line with a final newline. docs/bench-json.md describes the
  /// format.
  /// - Throws: `EncodingError` for a number that JSON cannot represent.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }

  /// Reads the output of ``json()``.
  /// - Throws: `DecodingError` for other text.
  public init(json: String) throws {
    self = try JSONDecoder().decode(LoadResult.self, from: Data(json.utf8))
  }

  /// A header and a row for each run. Latencies are in microseconds; metrics that were not measured
  /// are empty.
  public var csv: String {
    let metrics = RunMetric.all.filter { $0.column != nil }
    var rows = [["trial"] + metrics.compactMap(\.column)]
    for (index, run) in runs.enumerated() {
      rows.append(["\(index + 1)"] + metrics.map { $0.cell(run) })
    }
    return rows.map { $0.joined(separator: ",") + "\n" }.joined()
  }
}

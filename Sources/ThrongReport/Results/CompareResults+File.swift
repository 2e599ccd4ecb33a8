// results.json: written atomically, and read with an error that names the problem.

import FoundationEssentials

extension CompareResults {
  /// The whole results as JSON with a final newline. docs/compare-json.md describes the format.
  /// - Throws: `EncodingError` for a number that JSON cannot represent.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }

  /// Reads the output of ``json()``.
  /// - Parameter name: name of the source in errors.
  /// - Throws: ``ResultsFileError`` for damaged text or another version.
  public init(json: String, name: String = "results.json") throws(ResultsFileError) {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    let data = Data(json.utf8)
    do {
      let version = try decoder.decode(VersionOnly.self, from: data).version
      guard version == Self.currentVersion else {
        throw ResultsFileError.version(file: name, found: version)
      }
      self = try decoder.decode(CompareResults.self, from: data)
    } catch let error as ResultsFileError {
      throw error
    } catch let error as DecodingError {
      throw .damaged(file: name, reason: error.pathAndProblem)
    } catch {
      throw .damaged(file: name, reason: "\(error)")
    }
    if let problem { throw .damaged(file: name, reason: problem) }
  }

  /// Reads a results.json file.
  /// - Throws: ``ResultsFileError``.
  public init(contentsOf path: String) throws(ResultsFileError) {
    let data: Data
    do {
      data = try Data(contentsOf: URL(filePath: path))
    } catch {
      throw .unreadable(file: path, reason: Self.reason(error))
    }
    try self.init(json: String(decoding: data, as: UTF8.self), name: path)
  }

  /// Replaces the file atomically: a reader sees the old or the new content, also after a crash.
  /// - Throws: ``FileWriteError``.
  public func write(to path: String) throws {
    try AtomicFile.write(try json(), to: path)
  }

  private struct VersionOnly: Decodable { var version: Int }

  /// The first inconsistency, in words; nil without one.
  private var problem: String? {
    let (contenders, workloads) = (Set(contenders.map(\.id)), Set(workloads.map(\.id)))
    if contenders.count != self.contenders.count { return "two contenders have the same id" }
    if workloads.count != self.workloads.count { return "two workloads have the same id" }
    var seen: Set<CellKey> = []
    for cell in cells {
      if !contenders.contains(cell.contender) {
        return "a cell names the contender '\(cell.contender)', which is not listed"
      }
      if !workloads.contains(cell.workload) {
        return "a cell names the workload '\(cell.workload)', which is not listed"
      }
      if cell.connections < 1 { return "a cell has \(cell.connections) connections" }
      if !seen.insert(cell.key).inserted {
        return "two cells are of \(cell.contender), \(cell.workload), \(cell.connections)"
      }
      for samples in [cell.samples, cell.equalLoad?.samples ?? []]
      where Set(samples.map(\.round)).count != samples.count {
        return "a cell has two samples of one round"
      }
    }
    return nil
  }

  private static func reason(_ error: any Error) -> String {
    if let error = error as? CocoaError, error.code == .fileReadNoSuchFile {
      return "no such file"
    }
    if let error = error as? CocoaError, error.code == .fileReadNoPermission {
      return "permission denied"
    }
    return "\(error)"
  }
}

/// Why a results.json file cannot be used.
public enum ResultsFileError: Error, Equatable, CustomStringConvertible {
  /// The file cannot be read.
  case unreadable(file: String, reason: String)
  case damaged(file: String, reason: String)
  case version(file: String, found: Int)

  /// The error in one sentence with its remedy.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
    case .damaged(let file, let reason):
      "\(file) is damaged or not a results.json of throng compare: \(reason) (repeat the comparison)"
    case .version(let file, let found):
      "\(file) has format version \(found), and this throng reads version"
        + " \(CompareResults.currentVersion)"
        + (found > CompareResults.currentVersion
          ? " (use the throng that wrote it, or a newer one)" : " (repeat the comparison)")
    }
  }
}

extension DecodingError {
  /// Position in the file and the problem.
  fileprivate var pathAndProblem: String {
    let (context, what): (Context, String) =
      switch self {
      case .keyNotFound(let key, let context): (context, "'\(key.stringValue)' is missing")
      case .typeMismatch(let type, let context): (context, "is not a \(type)")
      case .valueNotFound(let type, let context): (context, "is null and should be a \(type)")
      case .dataCorrupted(let context): (context, context.debugDescription)
      @unknown default: (Context(codingPath: [], debugDescription: ""), "\(self)")
      }
    let path = context.codingPath.map { key in
      key.intValue.map { "[\($0)]" } ?? ".\(key.stringValue)"
    }.joined()
    return path.isEmpty ? what : "at \(path.drop { $0 == "." }): \(what)"
  }
}

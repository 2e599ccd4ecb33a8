// Everything that is made from results, in one place: for the command, and for programs that measure
// with ThrongLoad themselves.

/// The report of a comparison.
public struct Report {
  public let results: CompareResults

  public init(_ results: CompareResults) { self.results = results }
}

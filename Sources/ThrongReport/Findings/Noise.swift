// Whether the data carry a verdict. Above one of two limits the comparison is inconclusive: the share of the
// processors' time that others used, and the width of the intervals. A value; any thread.

struct Noise: Sendable, Equatable {
  /// Share of the processors' time that other processes and the hypervisor used; nil if not known.
  let background: Double?
  /// Half of the 95 % interval of CPU per message as a share of its median: the median over all cells;
  /// nil without intervals.
  let spread: Double?

  /// Limits above which a comparison is inconclusive.
  static let backgroundLimit = 0.2
  static let spreadLimit = 0.15

  init(_ results: CompareResults) {
    background = results.backgroundLoad.map { $0.otherProcesses + $0.hypervisor }
    spread =
      MedianEstimate(
        results.cells.filter(\.isSound).compactMap { $0.estimate(.cpu)?.spread })?.median
  }

  var isBusy: Bool { background.map { $0 > Self.backgroundLimit } ?? false }
  var isInconclusive: Bool { isBusy || (spread.map { $0 > Self.spreadLimit } ?? false) }
}

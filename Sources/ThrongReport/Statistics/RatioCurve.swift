// Ratio of two contenders over the number of connections: ties, crossovers, and their interpolated
// positions. A value; any thread.

import LinuxSystem

/// The ratio of one contender's metric to another's over the numbers of connections.
public struct RatioCurve: Sendable, Equatable {
  /// The ratio at one number of connections.
  public struct Point: Sendable, Equatable {
    /// Number of connections.
    public let connections: Int
    /// The ratio.
    public let ratio: Ratio

    /// Creates a point.
    public init(_ connections: Int, _ ratio: Ratio) {
      self.connections = connections
      self.ratio = ratio
    }
  }

  /// A number of connections between two that were measured.
  public struct Position: Sendable, Equatable {
    /// Interpolated on the logarithmic axis; nil when a number between the two could not be
    /// compared.
    public let connections: Double?
    /// Range that contains the position.
    public let range: Interval
  }

  /// A crossover: the outcome is `before` below the position and the opposite above.
  public struct Crossover: Sendable, Equatable {
    /// Where the ratio passes 1.
    public let position: Position
    /// Outcome at fewer connections.
    public let before: Ratio.Outcome
  }

  /// Points, ascending.
  public let points: [Point]
  /// Numbers of connections of the workload at which the two could not be compared, ascending.
  public let notCompared: [Int]
  /// Smallest relative difference that counts: 0.03 for 3 %.
  public let floor: Double

  /// Creates a curve from points in ascending order.
  public init(_ points: [Point], notCompared: [Int] = [], floor: Double) {
    self.points = points
    self.notCompared = notCompared
    self.floor = floor
  }

  /// Outcome at each point.
  public var outcomes: [Ratio.Outcome] { points.map { $0.ratio.outcome(floor: floor) } }

  /// Crossovers. Only between points with significant and opposite differences; curves that merely
  /// touch do not cross.
  public var crossovers: [Crossover] {
    let outcomes = outcomes
    let decided = points.indices.filter { outcomes[$0] == .less || outcomes[$0] == .more }
    return zip(decided, decided.dropFirst()).compactMap { left, right in
      guard outcomes[left] != outcomes[right] else { return nil }
      let position =
        gap(from: left, to: right)
        ?? crossing(from: left, to: right, rises: outcomes[left] == .less)
      return Crossover(position: position, before: outcomes[left])
    }
  }

  /// End of a tie at the fewest connections; nil when there is no such tie, or it does not end.
  public var endOfTie: Position? {
    let outcomes = outcomes
    guard outcomes.first == .tie,
      let parted = outcomes.firstIndex(where: { $0 == .less || $0 == .more }),
      !outcomes[..<parted].contains(.unknown)
    else { return nil }
    let sign = outcomes[parted] == .less ? -1.0 : 1.0
    let last = parted - 1
    if let gap = gap(from: last, to: parted) { return gap }
    // Margin by which the difference is significant and above the floor.
    func margin(_ index: Int) -> Double {
      let near = sign < 0 ? logHigh(index) : logLow(index)
      return min(sign * near, sign * logValue(index) - Math.log(1 + floor))
    }
    let at = interpolate(last, margin(last), parted, margin(parted))
    return Position(
      connections: at,
      range: Interval(Double(points[last].connections), Double(points[parted].connections)))
  }

  // MARK: Interpolation

  /// The whole range between two points, if a number between them could not be compared.
  private func gap(from left: Int, to right: Int) -> Position? {
    let (low, high) = (points[left].connections, points[right].connections)
    guard notCompared.contains(where: { low < $0 && $0 < high }) else { return nil }
    return Position(connections: nil, range: Interval(Double(low), Double(high)))
  }

  /// Where the ratio passes 1, and where the ends of its interval do.
  private func crossing(from left: Int, to right: Int, rises: Bool) -> Position {
    let sign = rises ? 1.0 : -1.0
    func zeros(_ curve: (Int) -> Double) -> [Double] {
      (left..<right).filter { sign * curve($0) <= 0 && sign * curve($0 + 1) > 0 }
        .map { interpolate($0, curve($0), $0 + 1, curve($0 + 1)) }
    }
    // With noise the curve may pass 1 several times: the geometric mean of first and last.
    let centers = zeros(logValue)
    let lead = zeros(rises ? logHigh : logLow)
    let trail = zeros(rises ? logLow : logHigh)
    let bounds = Interval(Double(points[left].connections), Double(points[right].connections))
    let first = centers.first ?? bounds.low
    let last = centers.last ?? bounds.high
    return Position(
      connections: (first * last).squareRoot(),
      range: Interval(lead.first ?? bounds.low, trail.last ?? bounds.high))
  }

  /// Zero of the line between two points, over the logarithm of the connections.
  private func interpolate(_ left: Int, _ from: Double, _ right: Int, _ to: Double) -> Double {
    let start = Math.log(Double(points[left].connections))
    let end = Math.log(Double(points[right].connections))
    let share = from == to ? 0.5 : max(0, min(1, from / (from - to)))
    return Math.exp(start + share * (end - start))
  }

  private func logValue(_ index: Int) -> Double { Math.log(points[index].ratio.value) }
  private func logLow(_ index: Int) -> Double {
    points[index].ratio.interval.map { Math.log($0.low) } ?? logValue(index)
  }
  private func logHigh(_ index: Int) -> Double {
    points[index].ratio.interval.map { Math.log($0.high) } ?? logValue(index)
  }
}

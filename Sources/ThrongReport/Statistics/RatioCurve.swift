// How the ratio of two contenders goes with the number of connections: where they tie, where they part,
// and where one overtakes the other.

/// The ratio of one contender's figure to another's over the numbers of connections.
public struct RatioCurve: Sendable, Equatable {
  public struct Point: Sendable, Equatable {
    public let connections: Int
    public let ratio: Ratio

    public init(_ connections: Int, _ ratio: Ratio) {
      self.connections = connections
      self.ratio = ratio
    }
  }

  /// A number of connections between two at which both were compared.
  public struct Position: Sendable, Equatable {
    /// Interpolated on the logarithmic axis; nil when a number between the two could not be compared,
    /// so that nothing is known of the way from the one to the other.
    public let connections: Double?
    public let range: Interval
  }

  /// Where one overtakes the other: before it the ratio is `before`, after it the opposite.
  public struct Crossover: Sendable, Equatable {
    public let position: Position
    public let before: Ratio.Outcome
  }

  /// Ascending.
  public let points: [Point]
  /// The other numbers of connections of the workload, at which the two could not be compared: ascending.
  public let notCompared: [Int]
  public let floor: Double

  public init(_ points: [Point], notCompared: [Int] = [], floor: Double) {
    self.points = points
    self.notCompared = notCompared
    self.floor = floor
  }

  public var outcomes: [Ratio.Outcome] { points.map { $0.ratio.outcome(floor: floor) } }

  /// Only between two numbers at which the differences are significant and opposite: a curve that
  /// merely touches the other overtakes nobody.
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

  /// Where a tie at the fewest connections ends; nil when they do not tie there, or tie throughout.
  public var endOfTie: Position? {
    let outcomes = outcomes
    guard outcomes.first == .tie,
      let parted = outcomes.firstIndex(where: { $0 == .less || $0 == .more }),
      !outcomes[..<parted].contains(.unknown)
    else { return nil }
    let sign = outcomes[parted] == .less ? -1.0 : 1.0
    let last = parted - 1
    if let gap = gap(from: last, to: parted) { return gap }
    // By how much the difference is significant and above the floor: the lesser of the two.
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

  /// The whole range between two points, when not all of it could be compared.
  private func gap(from left: Int, to right: Int) -> Position? {
    let (low, high) = (points[left].connections, points[right].connections)
    guard notCompared.contains(where: { low < $0 && $0 < high }) else { return nil }
    return Position(connections: nil, range: Interval(Double(low), Double(high)))
  }

  /// Where the ratio's line, and those of its interval's ends, pass 1.
  private func crossing(from left: Int, to right: Int, rises: Bool) -> Position {
    let sign = rises ? 1.0 : -1.0
    func zeros(_ curve: (Int) -> Double) -> [Double] {
      (left..<right).filter { sign * curve($0) <= 0 && sign * curve($0 + 1) > 0 }
        .map { interpolate($0, curve($0), $0 + 1, curve($0 + 1)) }
    }
    // Noise may make the line pass 1 more than once: the middle of where it begins and ends to do so.
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

  /// Where a line between two points passes 0, over the logarithm of the connections.
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

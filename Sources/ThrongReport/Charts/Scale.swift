// Maps values to positions along an axis, linear from 0 or logarithmic, and chooses its marks. A
// value; any thread.

import Glibc

struct Scale {
  let isLogarithmic: Bool
  /// Values at the ends of the axis.
  let low: Double
  let high: Double

  /// Ratio of the largest to the smallest value above which the scale is logarithmic, so that small
  /// values stay visible.
  static let logarithmicFrom = 15.0

  /// Whether marks are powers of two, for bytes.
  let isBinary: Bool
  /// Distance between the marks of a linear scale.
  private let step: Double

  /// A vertical axis that includes all values and has round marks.
  init(values: [Double], isBinary: Bool = false) {
    self.isBinary = isBinary
    let positive = values.filter { $0 > 0 && $0.isFinite }
    let least = positive.min() ?? 0
    let most = positive.max() ?? 1
    isLogarithmic = least > 0 && most / least > Self.logarithmicFrom
    step = Self.step(most, isBinary)
    if isLogarithmic {
      low = least / 1.3
      high = most * 1.3
    } else {
      // Linear axes start at 0, so that they do not exaggerate differences.
      low = min(0, values.min() ?? 0)
      high = max(step, (most * 1.04 / step).rounded(.up) * step)
    }
  }

  /// A horizontal axis for numbers of connections.
  init(connections: [Int]) {
    isBinary = false
    step = 1
    isLogarithmic = true
    let first = Double(connections.first ?? 1)
    let last = Double(connections.last ?? 1)
    // A single number is centred.
    low = first == last ? first / 3 : first
    high = first == last ? last * 3 : last
  }

  /// Position of a value: 0 at the low end, 1 at the high end.
  func position(_ value: Double) -> Double {
    guard isLogarithmic else { return (value - low) / (high - low) }
    let clamped = max(value, low / 10)
    return log(clamped / low) / log(high / low)
  }

  /// Round values within the ends, ascending.
  var marks: [Double] {
    isLogarithmic && isBinary ? binaryMarks : decimalMarks
  }

  private var binaryMarks: [Double] {
    let doublings = log(high / low) / log(2)
    let step = [1, 2, 4].first { doublings / Double($0) <= 6 } ?? 5
    return stride(from: 0, through: 60, by: step).map { Double(1 << $0) }
      .filter { low <= $0 && $0 <= high }
  }

  private var decimalMarks: [Double] {
    guard isLogarithmic else {
      return (Int((low / step).rounded(.up))...Int((high / step + 0.001).rounded(.down)))
        .map { Double($0) * step }
    }
    let decades = Int(log10(low).rounded(.down))...Int(log10(high).rounded(.up))
    let isWide = log10(high / low) > 2.2
    let isVeryWide = log10(high / low) > 5.5
    let marks = decades.flatMap { exponent -> [Double] in
      if isVeryWide, exponent % 2 != 0 { return [] }
      return (isWide ? [1.0] : [1, 2, 5]).map { $0 * pow(10, Double(exponent)) }
    }
    return marks.filter { low <= $0 * 1.0001 && $0 <= high * 1.0001 }
  }

  /// 1, 2, 2.5 or 5 times a power of ten, for four or five marks.
  private static func step(_ most: Double, _ isBinary: Bool) -> Double {
    guard most > 0 else { return 1 }
    let rough = most / 4
    if isBinary {
      var step = 1.0
      while step < rough { step *= 2 }
      return step
    }
    let unit = pow(10, log10(rough).rounded(.down))
    return [1, 2, 2.5, 5, 10].map { $0 * unit }.first { $0 >= rough * 0.999 } ?? 10 * unit
  }
}

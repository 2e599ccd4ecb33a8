// Numbers with units and about three significant digits. Pure functions; any thread.

import Glibc
import LinuxSystem
import ThrongLoad

enum Quantity {
  /// A rate: `12,340 msgs/s`.
  static func rate(_ value: Double, _ unit: String) -> String {
    "\(grouped(rounded(value, digits: 4))) \(unit)s/s"
  }

  /// Messages per CPU second that a CPU time per message in microseconds allows.
  static func capacity(_ microseconds: Double) -> String {
    microseconds > 0 ? grouped(rounded(1e6 / microseconds, digits: 3)) : "-"
  }

  /// A time with its unit.
  static func time(nanoseconds: Double) -> String {
    if nanoseconds == 0 { return "0 s" }
    let (scale, unit) = scale(nanoseconds, [(1, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")])
    return digits(nanoseconds / scale) + " " + unit
  }

  /// A size with its unit.
  static func bytes(_ value: Double) -> String {
    let (scale, unit) = scale(
      value, [(1, "B"), (1024, "KiB"), (1_048_576, "MiB"), (1_073_741_824, "GiB")])
    return (scale == 1 ? Decimals.fixed(value, 0) : digits(value / scale)) + " " + unit
  }

  /// Short form for an axis: `1k`, `2.5M`.
  static func short(_ value: Double) -> String {
    let (scale, unit) = scale(value, [(1, ""), (1e3, "k"), (1e6, "M")])
    return plain(digits(value / scale)) + unit
  }

  static func count(_ value: Int) -> String { grouped(Double(value)) }

  /// A multiple: `0.45 ×`, `12 ×`.
  static func times(_ ratio: Double) -> String { multiple(ratio) + " ×" }

  /// An end of a ratio's interval; more digits where it would read 1.00 without being 1.
  static func bound(_ ratio: Double) -> String {
    let text = multiple(ratio)
    guard text == "1.00", ratio != 1 else { return text }
    let finer = Decimals.fixed(ratio, 3)
    return finer == "1.000" ? Decimals.fixed(ratio, 4) : finer
  }

  /// `0.41 ± 0.02`.
  static func ratio(_ ratio: Ratio) -> String {
    guard let interval = ratio.interval else { return multiple(ratio.value) }
    let decimals = ratio.value < 0.0995 ? 3 : ratio.value < 10 ? 2 : 0
    let reach = max(interval.reach, pow(10, -Double(decimals)))
    return "\(Decimals.fixed(ratio.value, decimals)) ± \(Decimals.fixed(reach, decimals))"
  }

  /// A change: `+4.2 %`, `-31 %`.
  static func change(_ ratio: Double) -> String {
    let percent = (ratio - 1) * 100
    let text = Decimals.fixed(percent, abs(percent) < 10 ? 1 : 0)
    return (text.hasPrefix("-") ? "" : "+") + text + " %"
  }

  /// Three significant digits; whole numbers above a hundred.
  static func digits(_ value: Double) -> String {
    let size = abs(value)
    guard size < 1000 else { return grouped(value) }
    if size < 0.1, size > 0 { return Decimals.fixed(value, 4) }
    return Decimals.format(value)
  }

  /// About two significant digits, for ratios.
  private static func multiple(_ value: Double) -> String {
    if value < 0.0995 { return Decimals.fixed(value, value < 0.00995 ? 4 : 3) }
    return value < 10 ? Decimals.fixed(value, 2) : grouped(value)
  }

  /// Without trailing zeros: `5.00 µs` becomes `5 µs`. For round numbers.
  static func plain(_ text: String) -> String {
    guard let point = text.firstIndex(of: ".") else { return text }
    let unit = text[point...].drop { $0 == "." || $0.isNumber }
    var number = text[..<unit.startIndex]
    while number.hasSuffix("0") { number.removeLast() }
    if number.hasSuffix(".") { number.removeLast() }
    return String(number) + unit
  }

  /// Half of the interval as a share of the median; nil without an interval.
  static func noise(_ estimate: MedianEstimate) -> String? {
    estimate.spread.map { "\(Decimals.fixed($0 * 100, $0 < 0.0995 ? 1 : 0)) %" }
  }

  /// Small amounts: `0.0004`, `0.02`, `1.00`.
  static func fraction(_ value: Double) -> String {
    Decimals.fixed(value, abs(value) < 0.0995 && value != 0 ? 4 : abs(value) < 0.9995 ? 3 : 2)
  }

  static func percent(_ share: Double) -> String { "\(Decimals.fixed(share * 100, 0)) %" }

  /// Never `100 %`.
  static func confidence(_ share: Double) -> String {
    "\(Decimals.fixed(min(share, 0.999) * 100, share < 0.995 ? 0 : 1)) %"
  }

  /// With commas between thousands.
  static func grouped(_ value: Double) -> String { Decimals.grouped(value) }

  /// Significant digits from 10,000 on.
  private static func rounded(_ value: Double, digits: Int) -> Double {
    guard abs(value) >= 10_000 else { return value }
    let unit = pow(10, log10(abs(value)).rounded(.down) - Double(digits - 1))
    return (value / unit).rounded() * unit
  }

  private static func scale(_ value: Double, _ units: [(Double, String)]) -> (Double, String) {
    units.last { abs(value) >= $0.0 } ?? units[0]
  }
}

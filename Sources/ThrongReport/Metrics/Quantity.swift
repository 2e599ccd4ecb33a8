// Numbers with units and about three significant digits. Pure functions; any thread.

import ThrongLoad

enum Quantity {
  /// A rate: `12,340/s`.
  static func rate(_ value: Double) -> String { grouped(rounded(value)) + "/s" }

  /// A time with its unit.
  static func time(nanoseconds: Double) -> String {
    if nanoseconds == 0 { return "0 s" }
    let (scale, unit) = scale(
      nanoseconds, [(1, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")])
    return digits(nanoseconds / scale) + " " + unit
  }

  /// A size with its unit.
  static func bytes(_ value: Double) -> String {
    let (scale, unit) = scale(
      value, [(1, "B"), (1024, "KiB"), (1_048_576, "MiB"), (1_073_741_824, "GiB")])
    return (scale == 1 ? Decimals.fixed(value, 0) : digits(value / scale)) + " " + unit
  }

  /// Short form for an axis: `1k`, `25k`.
  static func short(_ value: Int) -> String {
    value >= 1000 && value % 100 == 0
      ? plain(Decimals.fixed(Double(value) / 1000, 1)) + "k" : count(value)
  }

  static func count(_ value: Int) -> String { grouped(Double(value)) }

  /// A multiple: `0.45 ×`, `12 ×`.
  static func times(_ ratio: Double) -> String { digits2(ratio) + " ×" }

  /// An end of a ratio's interval; more digits where it would read 1.00 without being 1.
  static func bound(_ ratio: Double) -> String {
    let text = digits2(ratio)
    guard text == "1.00", ratio != 1 else { return text }
    let finer = Decimals.fixed(ratio, 3)
    return finer == "1.000" ? Decimals.fixed(ratio, 4) : finer
  }

  /// A share: `0.45 ×`, or `1/9` if it is small.
  static func share(_ ratio: Double) -> String {
    ratio < 0.2 ? "1/\(Decimals.fixed(1 / ratio, 0))" : times(ratio)
  }

  /// `0.45 × the CPU`, `1/9 of the memory`.
  static func share(_ ratio: Double, of what: String) -> String {
    ratio < 0.2 ? "\(share(ratio)) of \(what)" : "\(times(ratio)) \(what)"
  }

  /// An interpolated number of connections, with two digits.
  static func about(_ connections: Double) -> String {
    guard connections >= 10 else { return Decimals.fixed(connections, 0) }
    let unit = Math.power(ofTen: Int(Math.log10(connections).rounded(.down)) - 1)
    return grouped((connections / unit).rounded() * unit)
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
  static func digits2(_ value: Double) -> String {
    let size = abs(value)
    if size < 0.0995 { return Decimals.fixed(value, size < 0.00995 ? 4 : 3) }
    return size < 10
      ? Decimals.fixed(value, 2) : size < 1000 ? Decimals.fixed(value, 0) : grouped(value)
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
    guard let interval = estimate.interval, estimate.median != 0 else { return nil }
    let share = (interval.high - interval.low) / 2 / abs(estimate.median) * 100
    return (share < 9.95 ? Decimals.fixed(share, 1) : grouped(share)) + " %"
  }

  /// Small amounts: `0.0004`, `0.02`, `1.00`.
  static func fraction(_ value: Double) -> String {
    Decimals.fixed(value, abs(value) < 0.0995 && value != 0 ? 4 : abs(value) < 0.9995 ? 3 : 2)
  }

  static func percent(_ share: Double) -> String { "\(Decimals.fixed(share * 100, 0)) %" }

  /// With commas between thousands.
  static func grouped(_ value: Double) -> String {
    Decimals.grouped(value)
  }

  /// Four significant digits, which is enough for a rate.
  private static func rounded(_ value: Double) -> Double {
    guard abs(value) >= 10_000 else { return value }
    let unit = Math.power(ofTen: Int(Math.log10(abs(value)).rounded(.down)) - 3)
    return (value / unit).rounded() * unit
  }

  private static func scale(_ value: Double, _ units: [(Double, String)]) -> (Double, String) {
    units.last { abs(value) >= $0.0 } ?? units[0]
  }
}

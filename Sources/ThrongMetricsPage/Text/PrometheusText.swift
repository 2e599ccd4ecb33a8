// Writes metrics in the text format 0.0.4 of Prometheus (prometheus.io/docs/instrumenting/exposition_formats).
// Each family is written once, with its help and its type before its samples.

struct PrometheusText {
  static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  enum Kind: String { case counter, gauge, histogram }

  typealias Labels = [(name: String, value: String)]

  private(set) var text = ""

  /// A family of one sample without labels.
  mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
    add(name, kind, help, [([], value)])
  }

  /// A family of one sample for each set of labels.
  mutating func add(
    _ name: String, _ kind: Kind, _ help: String, _ samples: [(labels: Labels, value: Double)]
  ) {
    begin(name, kind, help)
    for sample in samples { write(name, sample.labels, sample.value) }
  }

  /// A histogram for each set of labels.
  /// - Parameter histograms: `counts` has one entry more than `bounds`, for what is above the last one.
  mutating func add(
    _ name: String, _ help: String,
    histograms: [(labels: Labels, bounds: [Double], counts: [Int], sum: Double)]
  ) {
    begin(name, .histogram, help)
    for (labels, bounds, counts, sum) in histograms {
      var total = 0
      for (bound, count) in zip(bounds, counts) {
        total += count
        write(name + "_bucket", labels + [("le", Self.number(bound))], Double(total))
      }
      total += counts.last ?? 0
      write(name + "_bucket", labels + [("le", "+Inf")], Double(total))
      write(name + "_sum", labels, sum)
      write(name + "_count", labels, Double(total))
    }
  }

  private mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
    text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
  }

  private mutating func write(_ name: String, _ labels: Labels, _ value: Double) {
    text += name
    if !labels.isEmpty {
      let pairs = labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
      text += "{\(pairs.joined(separator: ","))}"
    }
    text += " \(Self.number(value))\n"
  }

  /// Whole numbers without a fraction.
  static func number(_ value: Double) -> String {
    if value == .infinity { return "+Inf" }
    if value == -.infinity { return "-Inf" }
    if value.isNaN { return "NaN" }
    if let whole = Int(exactly: value) { return "\(whole)" }
    return "\(value)"
  }

  private static func escaped(_ text: String, quotes: Bool) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\"" where quotes: escaped += "\\\""
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}

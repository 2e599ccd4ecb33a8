// The sizes of a chart's parts. A drawing is scaled as a whole, letters too; so there is one for wide
// places and one for a phone, rather than one that is too small to read.

struct ChartLayout {
  let width: Double
  let plotHeight: Double
  let fontSize: Double
  let left: Double
  /// The most that labels may take on the right.
  let maximumRight: Double
  /// With a heading.
  let top: Double
  let bottom: Double
  /// Whether thousands are written `k` along the axis.
  let isShort: Bool

  /// Half of a page of 1,440 pixels; a README.
  static let wide = ChartLayout(
    width: 620, plotHeight: 270, fontSize: 13, left: 62, maximumRight: 190, top: 62, bottom: 46,
    isShort: false)
  static let narrow = ChartLayout(
    width: 336, plotHeight: 230, fontSize: 11, left: 50, maximumRight: 136, top: 58, bottom: 42,
    isShort: true)

  var lineHeight: Double { fontSize * 1.18 }
  var labelSize: Double { fontSize * 0.96 }
  /// From the end of the plot to the labels, for the lines that lead to them.
  static let labelOffset = 18.0
  private static let margin = 6.0

  /// As high as its labels need.
  func plotHeight(labels: Int) -> Double { max(plotHeight, Double(labels) * lineHeight) }

  /// As wide as the labels need.
  func right(labels: [String]) -> Double {
    let widest = labels.map { TextWidth.of($0, size: labelSize) }.max() ?? 0
    return min(maximumRight, widest + Self.labelOffset + Self.margin)
  }

  /// The label, cut to what there is room for.
  func fit(_ label: String) -> String {
    let room = maximumRight - Self.labelOffset - Self.margin
    guard TextWidth.of(label, size: labelSize) > room else { return label }
    var cut = label
    while !cut.isEmpty, TextWidth.of(cut + "…", size: labelSize) > room { cut.removeLast() }
    return cut + "…"
  }
}

/// How wide text is at most. The font is the reader's, so this goes by a wide one, in bold.
enum TextWidth {
  static func of(_ text: String, size: Double) -> Double {
    text.unicodeScalars.reduce(0) { $0 + share($1) } * size
  }

  private static func share(_ scalar: Unicode.Scalar) -> Double {
    switch scalar {
    case "i", "j", "l", "I", ".", ",", "'", ":", ";", "|", "!", " ", "-", "(", ")": 0.45
    case "f", "r", "t", "/": 0.5
    case "m", "w", "M", "W", "@", "%", "…": 1.1
    case "A"..."Z", "<", ">", "&", "=", "+", "_": 0.85
    case "\u{0}"..."\u{2ff}": 0.71
    // Those of other scripts may be as wide as they are high.
    default: 1.1
    }
  }
}

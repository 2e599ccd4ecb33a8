// Sizes of a chart's parts, one set for wide screens and one for phones, because an SVG scales its
// letters too.

struct ChartLayout {
  let width: Double
  let plotHeight: Double
  let fontSize: Double
  let left: Double
  /// Maximum width of the labels on the right.
  let maximumRight: Double
  /// Height of the heading.
  let top: Double
  let bottom: Double
  /// Whether thousands are abbreviated with `k` on the axis.
  let isShort: Bool

  /// Half of a page of 1,440 pixels; also for a README.
  static let wide = ChartLayout(
    width: 620, plotHeight: 270, fontSize: 13, left: 62, maximumRight: 190, top: 62, bottom: 46,
    isShort: false)
  static let narrow = ChartLayout(
    width: 336, plotHeight: 230, fontSize: 11, left: 50, maximumRight: 136, top: 58, bottom: 42,
    isShort: true)

  var lineHeight: Double { fontSize * 1.18 }
  var labelSize: Double { fontSize * 0.96 }
  /// Distance from the plot to the labels, for the connecting lines.
  static let labelOffset = 18.0
  private static let margin = 6.0

  /// Height of the plot: at least as high as the labels need.
  func plotHeight(labels: Int) -> Double { max(plotHeight, Double(labels) * lineHeight) }

  /// Width of the labels.
  func right(labels: [String]) -> Double {
    let widest = labels.map { TextWidth.of($0, size: labelSize) }.max() ?? 0
    return min(maximumRight, widest + Self.labelOffset + Self.margin)
  }

  /// The label, shortened to the available width.
  func fit(_ label: String) -> String {
    let room = maximumRight - Self.labelOffset - Self.margin
    guard TextWidth.of(label, size: labelSize) > room else { return label }
    var cut = label
    while !cut.isEmpty, TextWidth.of(cut + "…", size: labelSize) > room { cut.removeLast() }
    return cut + "…"
  }
}

/// Upper estimate of the width of text, because the font is the reader's; based on a wide bold
/// font.
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
    // Characters of other scripts may be as wide as high.
    default: 1.1
    }
  }
}

// Colour, marker and dash of a contender, the same in every chart. Colours are distinguishable with
// colour blindness; markers and dashes do not depend on colour.

struct SeriesStyle {
  let index: Int
  let isPeer: Bool

  /// Colours for light and dark backgrounds, with a contrast of at least 4.5, so that labels can
  /// have the colour of their line.
  static let colors: [(light: String, dark: String)] = [
    ("#0b5fa5", "#74b9ff"), ("#b04a04", "#ff9f63"), ("#00735c", "#45d0a6"),
    ("#8f3a86", "#e6a0dc"), ("#4b515a", "#bcc3cd"), ("#7a5b00", "#e2c14d"),
    ("#b3262f", "#ff9494"), ("#1b7285", "#73d2e6"),
  ]
  static let background = (light: "#ffffff", dark: "#15181d")

  var colorClass: String { "c\(index % Self.colors.count)" }

  /// Models have solid lines; the dashes of peers distinguish those that share a colour.
  var dash: String? {
    guard isPeer else { return index < Self.colors.count ? nil : "9 3" }
    return ["6 3", "2 3", "9 3 2 3", "4 2 1 2"][index / 2 % 4]
  }

  var width: Double { isPeer ? 1.6 : 2.4 }

  /// Corners of the markers as multiples of their radius.
  private static let shapes: [[(Double, Double)]] = [
    [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)], [(0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
    [(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)], [(0, 1.2), (1.1, -0.8), (-1.1, -0.8)],
    [(-1.2, 0), (-0.6, -1.05), (0.6, -1.05), (1.2, 0), (0.6, 1.05), (-0.6, 1.05)],
  ]

  /// A marker centred at a point, as path data: a circle or one of the shapes.
  func marker(_ x: Double, _ y: Double) -> String {
    let n = Markup.number
    let r = isPeer ? 3.4 : 3.9
    guard index % (Self.shapes.count + 1) > 0 else {
      return "M\(n(x - r)),\(n(y))a\(n(r)),\(n(r)) 0 1 0 \(n(2 * r)),0"
        + "a\(n(r)),\(n(r)) 0 1 0 \(n(-2 * r)),0Z"
    }
    let corners = Self.shapes[index % (Self.shapes.count + 1) - 1]
    return "M" + corners.map { "\(n(x + $0.0 * r)),\(n(y + $0.1 * r))" }.joined(separator: "L")
      + "Z"
  }

  /// Style rules of all charts: once in the page, and in each self-contained file.
  static var styleSheet: String {
    """
    .chart{--ground:\(background.light);--ink:#1b1f24;--soft:#59616b;--grid:#e4e7eb;--axis:#9aa2ad;\
    \(variables(\.light))}
    @media screen and (prefers-color-scheme:dark){.chart{--ground:\(background.dark);--ink:#e8eaed;--soft:#a4acb7;\
    --grid:#2b3038;--axis:#5b636e;\(variables(\.dark))}}
    .chart text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif;\
    font-variant-numeric:tabular-nums;fill:var(--soft)}
    .chart .ground{fill:var(--ground)}
    .chart .grid{stroke:var(--grid);stroke-width:1;fill:none}
    .chart .axis{stroke:var(--axis);stroke-width:1;fill:none}
    .chart .line{fill:none;stroke-linejoin:round;stroke-linecap:round}
    .chart .hit{fill:transparent}
    .chart .lead{fill:none;stroke-width:1;opacity:.55}
    .chart .bar{fill:none;stroke-width:1.2;opacity:.7}
    .chart text.title{fill:var(--ink);font-weight:600}
    .chart text.label{font-weight:600}
    .chart text.label.peer{font-weight:400}

    """
      + colors.indices.map { index in
        ".chart .c\(index).line,.chart .c\(index).lead,.chart .c\(index).bar{stroke:var(--c\(index))}"
          + ".chart text.c\(index){fill:var(--c\(index))}"
          + ".chart .c\(index).point path{fill:var(--c\(index));stroke:var(--ground);stroke-width:1}"
          + ".chart .c\(index).point.hollow path{fill:var(--ground);stroke:var(--c\(index));"
          + "stroke-width:1.6}\n"
      }.joined()
  }

  private static func variables(_ side: KeyPath<(light: String, dark: String), String>) -> String {
    colors.enumerated().map { "--c\($0.offset):\($0.element[keyPath: side])" }
      .joined(separator: ";")
  }
}

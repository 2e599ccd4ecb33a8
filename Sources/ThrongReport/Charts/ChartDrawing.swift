// Draws a chart as SVG: grid, axes, lines, points with error bars and tooltips, and labels. A value; any
// thread.

struct ChartDrawing {
  let chart: Chart
  let layout: ChartLayout
  /// Unique within the page, because titles are referred to by id.
  let id: String
  /// Whether the SVG is a file of its own, with style sheet, background and heading.
  let isStandalone: Bool
  private let horizontal: Scale
  private let vertical: Scale
  private let plotHeight: Double
  private let right: Double

  /// Distance between the error bars of two contenders, so that they do not cover each other.
  private static let barDistance = 3.0

  init(_ chart: Chart, layout: ChartLayout, id: String, isStandalone: Bool) {
    self.chart = chart
    self.layout = layout
    self.id = id
    self.isStandalone = isStandalone
    horizontal = Scale(connections: chart.workload.connections)
    vertical = chart.verticalScale
    plotHeight = layout.plotHeight(labels: chart.series.count)
    right = layout.right(labels: chart.series.map(\.contender.label))
  }

  var svg: String {
    let height = top + plotHeight + layout.bottom
    let n = Markup.number
    var content = Markup.element("title", [("id", id + "-title")], Markup.escape(chart.title))
    content += Markup.element("desc", [("id", id + "-desc")], Markup.escape(chart.summary))
    if isStandalone {
      content += "<style>\(SeriesStyle.styleSheet)</style>"
      content += "<rect class=\"ground\" width=\"100%\" height=\"100%\" rx=\"6\"/>" + heading
    }
    content += grid + axes
    // Models are drawn above peers.
    let order = chart.series.filter(\.style.isPeer) + chart.series.filter { !$0.style.isPeer }
    content += order.map(errorBars).joined() + order.map(line).joined()
    content += labels + order.map(points).joined()
    var attributes = [
      ("class", "chart"), ("viewBox", "0 0 \(n(layout.width)) \(n(height))"), ("role", "img"),
      ("aria-labelledby", "\(id)-title \(id)-desc"),
    ]
    if isStandalone {
      attributes += [
        ("xmlns", "http://www.w3.org/2000/svg"), ("width", n(layout.width)), ("height", n(height)),
      ]
    }
    return Markup.element("svg", attributes, "\n" + content) + "\n"
  }

  // MARK: Coordinates

  private var plotWidth: Double { layout.width - layout.left - right }
  private var top: Double { isStandalone ? layout.top : layout.fontSize }
  private var bottom: Double { top + plotHeight }

  private func x(_ connections: Double) -> Double {
    layout.left + horizontal.position(connections) * plotWidth
  }

  /// Values beyond the axis are drawn at its end.
  private func y(_ value: Double) -> Double {
    bottom - min(max(vertical.position(value), 0), 1) * plotHeight
  }

  private func text(
    _ content: String, _ x: Double, _ y: Double, size: Double? = nil, anchor: String = "start",
    _ classes: String = "tick"
  ) -> String {
    let n = Markup.number
    return Markup.element(
      "text",
      [
        ("x", n(x)), ("y", n(y)), ("font-size", n(size ?? layout.fontSize)),
        ("text-anchor", anchor), ("class", classes),
      ], Markup.escape(content)) + "\n"
  }

  // MARK: Background

  private var heading: String {
    let size = layout.fontSize
    let title = text(chart.title, 10, 10 + size * 1.1, size: size * 1.12, "title")
    return title
      + text(chart.metric.axis(chart.workload), 10, 14 + size * 2.4, size: size * 0.92)
  }

  private var grid: String {
    vertical.marks.map { mark in
      let height = Markup.number(y(mark))
      return "<path class=\"grid\" d=\"M\(Markup.number(layout.left)),\(height)"
        + "h\(Markup.number(plotWidth))\"/>"
        + text(
          chart.metric.mark(mark, chart.workload), layout.left - 7,
          y(mark) + layout.fontSize * 0.34,
          size: layout.fontSize * 0.92, anchor: "end")
    }.joined()
  }

  private var axes: String {
    let n = Markup.number
    var result = "<path class=\"axis\" d=\"M\(n(layout.left)),\(n(bottom))h\(n(plotWidth))\"/>"
    var free = -Double.infinity
    for connections in chart.workload.connections {
      let center = x(Double(connections))
      result += "<path class=\"axis\" d=\"M\(n(center)),\(n(bottom))v4\"/>"
      let label = layout.isShort ? Quantity.short(Double(connections)) : Quantity.count(connections)
      let half = Double(label.count) * layout.fontSize * 0.29
      guard center - half > free else { continue }
      result += text(
        label, center, bottom + layout.fontSize + 6, size: layout.fontSize * 0.92, anchor: "middle")
      free = center + half + 5
    }
    return result
      + text(
        "clients", layout.left + plotWidth / 2, bottom + layout.fontSize * 2.2 + 8,
        size: layout.fontSize * 0.92, anchor: "middle")
  }

  // MARK: Series

  /// Sequences of points without a missing number of connections between them.
  private func runs(_ series: Chart.Series) -> [[Chart.Point]] {
    var runs: [[Chart.Point]] = []
    var previous: Int?
    for point in series.points {
      let rank = chart.workload.connections.firstIndex(of: point.connections)
      if let previous, rank == previous + 1 {
        runs[runs.count - 1].append(point)
      } else {
        runs.append([point])
      }
      previous = rank
    }
    return runs
  }

  /// Intervals as vertical bars, each contender's beside the others'.
  private func errorBars(_ series: Chart.Series) -> String {
    let index = chart.series.firstIndex { $0.contender.id == series.contender.id } ?? 0
    let middle = Double(chart.series.count - 1) / 2
    let shift = (Double(index) - middle) * min(Self.barDistance, 24 / max(1, middle))
    let bars = series.points.compactMap { point in
      point.estimate.interval.map { interval in
        let (at, low, high) = (
          x(Double(point.connections)) + shift, y(interval.low), y(interval.high)
        )
        return "M\(pair(at - 2, high))h4M\(pair(at, high))V\(Markup.number(low))m-2,0h4"
      }
    }
    guard !bars.isEmpty else { return "" }
    return Markup.element(
      "path", [("class", "bar \(series.style.colorClass)"), ("d", bars.joined())]) + "\n"
  }

  private func line(_ series: Chart.Series) -> String {
    runs(series).filter { $0.count > 1 }.map { run in
      let path = run.map { pair(x(Double($0.connections)), y($0.estimate.median)) }
      var attributes = [
        ("class", "line \(series.style.colorClass)"), ("d", "M" + path.joined(separator: "L")),
        ("stroke-width", Markup.number(series.style.width)),
      ]
      if let dash = series.style.dash { attributes.append(("stroke-dasharray", dash)) }
      return Markup.element("path", attributes) + "\n"
    }.joined()
  }

  /// Each point is a group with its values as attributes and a larger transparent area for
  /// pointers.
  private func points(_ series: Chart.Series) -> String {
    series.points.map { point in
      let center = (x: x(Double(point.connections)), y: y(point.estimate.median))
      let hollow = point.isSaturated ? " hollow" : ""
      var attributes = [
        ("class", "point \(series.style.colorClass)\(hollow)"),
        ("data-workload", chart.workload.id), ("data-metric", chart.metric.id),
        ("data-contender", series.contender.id), ("data-connections", "\(point.connections)"),
        ("data-value", "\(point.estimate.median)"),
      ]
      if let interval = point.estimate.interval {
        attributes += [("data-low", "\(interval.low)"), ("data-high", "\(interval.high)")]
      }
      let n = Markup.number
      let content =
        Markup.element("title", [], Markup.escape(chart.hover(series, point)))
        + Markup.element(
          "circle", [("class", "hit"), ("cx", n(center.x)), ("cy", n(center.y)), ("r", "9")])
        + Markup.element("path", [("d", series.style.marker(center.x, center.y))])
      return Markup.element("g", attributes, content) + "\n"
    }.joined()
  }

  private func pair(_ x: Double, _ y: Double) -> String {
    "\(Markup.number(x)),\(Markup.number(y))"
  }

  // MARK: Labels

  private var labels: String {
    let ends = chart.series.compactMap { series in
      series.points.last.map { (x(Double($0.connections)), y($0.estimate.median)) }
    }
    let labelHeights = LabelPlacement.place(
      ends.map(\.1), gap: layout.lineHeight, from: top + 2, to: bottom)
    let column = layout.left + plotWidth + ChartLayout.labelOffset
    return zip(chart.series, zip(ends, labelHeights)).map { series, center in
      let (end, height) = center
      let lead = Markup.element(
        "path",
        [
          ("class", "lead \(series.style.colorClass)"),
          ("d", "M\(pair(end.0 + 5, end.1))L\(pair(column - 8, height))h5"),
        ])
      let classes = "label \(series.style.colorClass)" + (series.style.isPeer ? " peer" : "")
      return lead
        + text(
          layout.fit(series.contender.label), column, height + layout.fontSize * 0.34,
          size: layout.labelSize, classes)
    }.joined()
  }
}

// One metric of one workload in the HTML report: the chart, and a table with the same values.

struct MetricSection {
  let metric: Metric
  let workload: Workload
  let measurements: Measurements

  /// Nil when the metric was not measured.
  var element: Element? {
    let chart = Chart(metric, workload, measurements)
    guard !chart.measured.isEmpty else { return nil }
    let id = Self.id(metric, workload)
    let layouts = chart.isEmpty ? [] : [("wide", ChartLayout.wide), ("narrow", ChartLayout.narrow)]
    let drawings = layouts.map { name, layout in
      let drawing = ChartDrawing(
        chart, layout: layout, id: "\(id)-\(name)", isStandalone: false)
      return Element("div", [("class", name)], [Element(html: drawing.svg)])
    }
    let caption = Element(
      "figcaption", [],
      [Element("h3", metric.title), Element("p", metric.axis(workload), class: "axis-note")])
    let note =
      chart.isEmpty && !metric.isAtEqualLoad
      ? [Element("p", "No value above the resolution.", class: "axis-note")] : drawings
    return Element(
      "figure", [("id", id), ("class", "card")], [caption] + note + [table(chart)])
  }

  static func id(_ metric: Metric, _ workload: Workload) -> String {
    "\(slug(workload.id))-\(metric.id)"
  }

  /// A text restricted to characters for ids, classes and file names.
  static func slug(_ text: String) -> String {
    String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") ? $0 : "-" })
  }

  // MARK: The table

  private func table(_ chart: Chart) -> Element {
    let contenders = chart.measured.map(\.contender)
    let columns = workload.connections.filter { connections in
      !metric.isAtEqualLoad
        || chart.measured.contains { $0.points.contains { $0.connections == connections } }
    }.map { ($0, Ranking(metric, workload, $0, among: contenders, measurements)) }
    let rows = chart.measured.map { series in
      Element.row(
        [Self.name(series)] + columns.map { field(series.contender, $0.0, $0.1) })
    }
    return .table(
      ["clients"] + columns.map { "#" + Quantity.count($0.0) }, rows, class: "figures",
      caption:
        "\(chart.title): median ± half of the 95 % interval; bold: the best value, and values"
        + " that cannot be told apart from it")
  }

  /// The label with its marker.
  private static func name(_ series: Chart.Series) -> Element {
    let key = Markup.element(
      "svg", [("class", "chart key"), ("viewBox", "0 0 12 12"), ("aria-hidden", "true")],
      Markup.element(
        "g", [("class", "point \(series.style.colorClass)")],
        Markup.element("path", [("d", series.style.marker(6, 6))])))
    return .rowHead(Element(html: key), Element(series.contender.label))
  }

  private func field(
    _ contender: Contender, _ connections: Int, _ ranking: Ranking?
  ) -> Element {
    let cell = measurements.cell(workload, contender, connections)
    if let failure = cell?.failure {
      return Element("td", [("class", "n bad"), ("title", failure)], [Element("failed")])
    }
    guard let cell, let estimate = cell.estimate(metric) else {
      return Element("td", "not measured", class: "n none")
    }
    let isResolved = metric.isResolved(estimate.median, workload, connections)
    let isSaturated = metric.suffersFromSaturation && cell.isSaturated(metric)
    let bound = isSaturated && metric.isLowerBoundWhenSaturated ? "≥ " : ""
    var content = [Element(bound + metric.text(estimate.median, workload, connections))]
    // Below the resolution, equals are not emphasized.
    let isLeader = ranking.map { $0.isDecided && $0.leads(contender.id) } ?? false
    if isLeader, isResolved || ranking?.followers.isEmpty == false {
      content = [Element("b", [], content)]
    }
    let noise = [
      isResolved ? Quantity.noise(estimate).map { "± " + $0 } ?? "" : "",
      isSaturated ? "generator saturated" : "",
    ]
    content += noise.filter { !$0.isEmpty }.map { Element("small", $0, class: "noise") }
    return Element(
      "td",
      [
        ("class", "n"), ("data-contender", contender.id), ("data-connections", "\(connections)"),
        ("data-value", "\(estimate.median)"),
      ], content)
  }
}

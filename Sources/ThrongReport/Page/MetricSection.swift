// One metric of one workload in the HTML report: the chart, and a table with the same values.

struct MetricSection {
  let metric: Metric
  let workload: Workload
  let measurements: Measurements

  /// Nil when the metric was not measured.
  var element: Element? {
    let chart = Chart(metric, workload, measurements)
    guard !chart.measured.isEmpty else { return nil }
    let id = "\(Self.slug(workload.id))-\(metric.rawValue)"
    let layouts = chart.isEmpty ? [] : [("wide", ChartLayout.wide), ("narrow", ChartLayout.narrow)]
    let drawings = layouts.map { name, layout in
      let drawing = ChartDrawing(
        chart, layout: layout, id: "\(id)-\(name)", isStandalone: false)
      return Element("div", [("class", name)], [Element(html: drawing.svg)])
    }
    let caption = Element(
      "figcaption", [],
      [
        Element("h3", metric.title),
        Element.of("p", class: "axis-note", metric.axis(workload.unit)),
      ])
    let note =
      chart.isEmpty
      ? [Element.of("p", class: "axis-note", "No value above the resolution.")] : drawings
    return Element(
      "figure", [("id", id), ("class", "card")],
      [caption] + note + [
        .scrolling("\(metric.title), \(workload.title): table", table(chart))
      ])
  }

  /// A text restricted to characters for ids, classes and file names.
  static func slug(_ text: String) -> String {
    String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") ? $0 : "-" })
  }

  // MARK: The table

  private func table(_ chart: Chart) -> Element {
    let rankings = workload.connections.map { connections in
      Ranking(
        metric, workload, connections, among: chart.measured.map(\.contender), measurements)
    }
    let head =
      [Element("th", [("scope", "col")], "clients")]
      + workload.connections.map {
        Element("th", [("scope", "col"), ("class", "n")], Quantity.count($0))
      }
    let rows = chart.measured.map { series in
      Element(
        "tr", [],
        [Self.name(series)]
          + zip(workload.connections, rankings).map { connections, ranking in
            field(series.contender, connections, ranking)
          })
    }
    return Element(
      "table", [("class", "figures")],
      [
        Element.caption(
          "\(chart.title): median ± half of the 95 % interval; bold: the best value and ties with it"
        ),
        Element("thead", [], [Element("tr", [], head)]), Element("tbody", [], rows),
      ])
  }

  /// The label with its marker.
  private static func name(_ series: Chart.Series) -> Element {
    let key = Markup.element(
      "svg", [("class", "chart key"), ("viewBox", "0 0 12 12"), ("aria-hidden", "true")],
      Markup.element(
        "g", [("class", "point \(series.style.colorClass)")],
        Markup.element("path", [("d", series.style.marker(6, 6))])))
    return Element(
      "th", [("scope", "row")], [Element(html: key), Element(series.contender.label)])
  }

  private func field(
    _ contender: Contender, _ connections: Int, _ ranking: Ranking?
  ) -> Element {
    guard let cell = measurements.cell(workload, contender, connections) else {
      return Element("td", [("class", "n none")], "not measured")
    }
    if let failure = cell.failure {
      return Element("td", [("class", "n bad"), ("title", failure)], "failed")
    }
    guard let estimate = cell.estimate(metric) else {
      return Element("td", [("class", "n none")], "not measured")
    }
    let open = workload.openConnections(connections)
    let isResolved = metric.isResolved(estimate.median, open: open)
    let isBound = metric.suffersFromSaturation && cell.isSaturated
    var content = [Element(text(estimate, open: open, isBound))]
    // Below the resolution, ties are not emphasized.
    let isLeader = ranking.map { $0.isDecided && $0.leads(contender.id) } ?? false
    if isLeader, isResolved || ranking?.followers.isEmpty == false {
      content = [Element("b", [], content)]
    }
    let noise = [
      isResolved ? Quantity.noise(estimate).map { "± " + $0 } ?? "" : "",
      isBound ? "generator saturated" : "",
    ]
    content += noise.filter { !$0.isEmpty }.map { .of("small", class: "noise", $0) }
    return Element(
      "td",
      [
        ("class", "n"), ("data-contender", contender.id), ("data-connections", "\(connections)"),
        ("data-value", "\(estimate.median)"),
      ], content)
  }

  private func text(_ estimate: MedianEstimate, open: Int, _ isBound: Bool) -> String {
    guard metric.isResolved(estimate.median, open: open) else {
      return "< " + metric.text(metric.resolution(open: open))
    }
    return (isBound && metric.isLowerBoundWhenSaturated ? "≥ " : "") + metric.text(estimate.median)
  }
}

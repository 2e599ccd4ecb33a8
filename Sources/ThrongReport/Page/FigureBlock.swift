// One figure of one workload on the page: the chart, and the table that says the same in numbers.

struct FigureBlock {
  let figure: Figure
  let workload: Workload
  let measurements: Measurements

  /// Nil when it was not measured.
  var element: Element? {
    let chart = Chart(figure, workload, measurements)
    guard !chart.measured.isEmpty else { return nil }
    let id = "\(Self.slug(workload.id))-\(figure.rawValue)"
    let layouts = chart.isEmpty ? [] : [("wide", ChartLayout.wide), ("narrow", ChartLayout.narrow)]
    let drawings = layouts.map { name, layout in
      let drawing = ChartDrawing(
        chart, layout: layout, id: "\(id)-\(name)", isStandalone: false)
      return Element("div", [("class", name)], [Element(html: drawing.svg)])
    }
    let caption = Element(
      "figcaption", [],
      [
        Element("h3", figure.title),
        Element.of("p", class: "axis-note", figure.axis(workload)),
      ])
    let note =
      chart.isEmpty ? [Element.of("p", class: "axis-note", "Too little to draw.")] : drawings
    return Element(
      "figure", [("id", id), ("class", "card")],
      [caption] + note + [
        .scrolling("\(figure.title), \(workload.title): table", table(chart))
      ])
  }

  /// Safe in ids, classes and file names.
  static func slug(_ text: String) -> String {
    String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") ? $0 : "-" })
  }

  // MARK: The table

  private func table(_ chart: Chart) -> Element {
    let standings = workload.connections.map { connections in
      Standing(
        figure, workload, connections, among: chart.measured.map(\.contender), measurements)
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
          + zip(workload.connections, standings).map { connections, standing in
            field(series.contender, connections, standing)
          })
    }
    return Element(
      "table", [("class", "figures")],
      [
        Element.caption(
          "\(chart.title): medians ± half of the 95 % interval; bold: the best, and who ties with it"
        ),
        Element("thead", [], [Element("tr", [], head)]), Element("tbody", [], rows),
      ])
  }

  /// The label beside its marker.
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
    _ contender: Contender, _ connections: Int, _ standing: Standing?
  ) -> Element {
    guard let cell = measurements.cell(workload, contender, connections) else {
      return Element("td", [("class", "n none")], "not measured")
    }
    if let failure = cell.failure {
      return Element("td", [("class", "n bad"), ("title", failure)], "failed")
    }
    guard let estimate = cell.estimate(figure) else {
      return Element("td", [("class", "n none")], "not measured")
    }
    let open = workload.openConnections(connections)
    let isResolved = figure.isResolved(estimate.median, open: open)
    let isBound = figure.suffersFromSaturation && cell.isSaturated
    var content = [Element(text(estimate, open: open, isBound))]
    // Where nothing could be measured, to tie with everybody is no merit.
    let isLeader = standing.map { $0.isDecided && $0.leads(contender.id) } ?? false
    if isLeader, isResolved || standing?.followers.isEmpty == false {
      content = [Element("b", [], content)]
    }
    let noise = [
      isResolved ? Quantity.noise(estimate).map { "± " + $0 } ?? "" : "",
      isBound ? "generator full" : "",
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
    guard figure.isResolved(estimate.median, open: open) else {
      return "< " + figure.text(figure.resolution(open: open))
    }
    return (isBound && figure == .throughput ? "≥ " : "") + figure.text(estimate.median)
  }
}

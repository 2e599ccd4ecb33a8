// Section of the HTML report: changes since the baseline.

struct BaselineSection {
  let baseline: Baseline

  var element: Element {
    .section(
      "baseline", "Since the baseline",
      content + baseline.remarks.map { Element("p", $0, class: "axis-note") })
  }

  private var content: [Element] {
    let changes = baseline.changes.filter(\.isSignificant)
    guard baseline.comparedCells > 0 else { return [Element("p", Baseline.nothingCompared)] }
    let failures = baseline.regressions.filter { if case .failed = $0 { true } else { false } }
    return [Element("p", summary)]
      + (failures.isEmpty
        ? [] : [.list(failures.map { baseline.sentence($0) }, class: "remarks worse")])
      + [changes.isEmpty ? Element("p", "No significant change.") : table(changes)]
  }

  private var summary: String {
    let beyond = "beyond \(Quantity.percent(baseline.tolerance))"
    let count = baseline.regressions.count
    return switch count {
    case 0: "No regression \(beyond)."
    case 1: "One regression \(beyond)."
    default: "\(count) regressions \(beyond)."
    }
  }

  private func table(_ changes: [Baseline.Change]) -> Element {
    let rows = changes.map { change in
      let isRegression = baseline.regressions.contains(.worse(change))
      return Element.row([
        Element("td", change.workload.title), .rowHead(Element(baseline.label(change.key))),
        .number(Quantity.count(change.key.connections)), Element("td", change.metric.name),
        .number(change.beforeText), .number(change.nowText),
        Element(
          "td", Quantity.change(change.ratio?.value ?? 1) + (isRegression ? " !" : ""),
          class: isRegression ? "n bad" : "n"),
      ])
    }
    return .table(
      ["workload", "contender", "#clients", "metric", "#before", "#now", "#change"], rows,
      class: "changes", caption: "Significant changes (95 %); !: regression")
  }
}

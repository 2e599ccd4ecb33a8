// Section of the HTML report: changes since the baseline.

import LinuxSystem

struct BaselineSection {
  let baseline: Baseline
  let results: CompareResults

  var element: Element {
    let changes = baseline.changes.filter(\.isSignificant)
    let failures = baseline.regressions.filter(\.isFailure)
    guard baseline.comparedCells > 0 else {
      return section([Element("p", Baseline.nothingCompared)])
    }
    var content = [Element("p", summary)]
    if !failures.isEmpty {
      content.append(.list(failures.map { $0.sentence(results) }, class: "remarks worse"))
    }
    content.append(
      changes.isEmpty
        ? Element("p", "No significant change.")
        : .scrolling("changes since the baseline", table(changes)))
    return section(content)
  }

  private func section(_ content: [Element]) -> Element {
    .section(
      "baseline", "Since the baseline",
      content + baseline.remarks.map { Element.of("p", class: "axis-note", $0) })
  }

  private var summary: String {
    let count = baseline.regressions.count
    let beyond = "beyond \(Quantity.percent(baseline.tolerance))"
    switch count {
    case 0: return "No regression \(beyond)."
    case 1: return "One regression \(beyond)."
    default: return "\(count) regressions \(beyond)."
    }
  }

  private func table(_ changes: [Baseline.Change]) -> Element {
    let head = ["workload", "contender", "clients", "metric", "before", "now", "change"]
    let rows = changes.map { change in
      Element(
        "tr", [],
        [
          Element("td", results.workload(change.key.workload)?.title ?? change.key.workload),
          Element(
            "th", [("scope", "row")],
            results.contender(change.key.contender)?.label ?? change.key.contender),
          Element("td", [("class", "n")], Quantity.count(change.key.connections)),
          Element("td", change.metric.name),
          Element("td", [("class", "n")], change.beforeText),
          Element("td", [("class", "n")], change.nowText),
          Element(
            "td", [("class", isRegression(change) ? "n bad" : "n")],
            Quantity.change(change.ratio?.value ?? 1) + (isRegression(change) ? " !" : "")),
        ])
    }
    return Element(
      "table", [],
      [
        Element.caption("Significant changes (95 %); !: regression"),
        Element(
          "thead", [],
          [
            Element("tr", [], head.map { Element("th", [("scope", "col")], $0) })
          ]), Element("tbody", [], rows),
      ])
  }

  private func isRegression(_ change: Baseline.Change) -> Bool {
    baseline.regressions.contains(.worse(change))
  }
}

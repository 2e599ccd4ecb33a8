// Section of the HTML report: all values of every cell, and the command that repeats it.

import LinuxSystem

struct CellTables {
  let workload: Workload
  let measurements: Measurements

  /// Nil when there are no cells.
  var element: Element? {
    let rows = metricRows
    guard !rows.isEmpty else { return nil }
    let title = Phrase.capitalized(workload.title)
    let head =
      [Element("th", [("scope", "col"), ("class", "n")], "clients")]
      + [Element("th", [("scope", "col")], "contender")]
      + (CellColumn.all.map(\.title) + ["system calls", "samples"]).map {
        Element("th", [("scope", "col"), ("class", "n")], $0)
      }
    let caption =
      "\(title): medians over the rounds; CPU, switches and system calls per"
      + " \(workload.unit). ≥: lower bound, the load generator was the bottleneck."
    let table = Element(
      "table", [("class", "cells")],
      [
        Element.caption(caption), Element("thead", [], [Element("tr", [], head)]),
        Element("tbody", [], rows),
      ])
    return Element(
      "div", [], [Element("h3", title), .scrolling("\(title): all values", table), commands])
  }

  private var cells: [(Contender, Cell)] {
    workload.connections.flatMap { connections in
      measurements.results.contenders.compactMap { contender in
        measurements.cell(workload, contender, connections).map { (contender, $0) }
      }
    }
  }

  private var metricRows: [Element] {
    var last: Int?
    return cells.map { contender, cell in
      defer { last = cell.connections }
      let start = [
        Element("td", [("class", "n")], Quantity.count(cell.connections)),
        Element("th", [("scope", "row")], contender.label),
      ]
      let fields = cell.failure.map { [failureField($0)] } ?? fields(cell)
      return Element(
        "tr", [("class", last != nil && last != cell.connections ? "first" : "next")],
        start + fields)
    }
  }

  private func failureField(_ failure: String) -> Element {
    Element(
      "td", [("class", "bad"), ("colspan", "\(CellColumn.all.count + 2)")], "failed: " + failure)
  }

  private func fields(_ cell: Cell) -> [Element] {
    let values = CellColumn.all.map { column -> Element in
      guard let value = column.value(cell) else { return Element("td", [("class", "n none")], "–") }
      let bound = cell.isSaturated && column.metric?.isLowerBoundWhenSaturated == true ? "≥ " : ""
      return Element(
        "td", [("class", "n"), ("data-value", "\(value)")],
        bound + column.text(value, cell, workload))
    }
    let calls = cell.allSystemCallsPerMessage.map { Quantity.fraction($0) } ?? "–"
    return values + [
      Element("td", [("class", "n")], calls),
      Element("td", [("class", "n")], "\(cell.samples.count)"),
    ]
  }

  private var commands: Element {
    let rows = cells.map { contender, cell in
      Element(
        "tr", [],
        [
          Element("td", [("class", "n")], Quantity.count(cell.connections)),
          Element("th", [("scope", "row")], contender.label),
          Element("td", [], [Element("code", cell.command)]),
          Element("td", cell.systemCallsText),
        ])
    }
    let head = ["clients", "contender", "command", "system calls per \(workload.unit)"].map {
      Element("th", [("scope", "col")], $0)
    }
    let table = Element(
      "table", [("class", "commands")],
      [
        Element.caption("\(workload.title): command that repeats each cell"),
        Element("thead", [], [Element("tr", [], head)]), Element("tbody", [], rows),
      ])
    return Element(
      "details", [],
      [
        Element("summary", "Commands to repeat each cell, and system calls by name"),
        .scrolling("\(workload.title): commands", table),
      ])
  }
}

// Section of the HTML report: all values of every cell, and the command that repeats it.

struct CellTables {
  let workload: Workload
  let measurements: Measurements

  /// Nil when there are no cells.
  var element: Element? {
    guard !cells.isEmpty else { return nil }
    let title = Phrase.capitalized(workload.title)
    let caption =
      "\(title): medians over the rounds; CPU, switches and system calls per"
      + " \(workload.unit). ≥: lower bound, the load generator was the bottleneck."
    let head =
      ["#clients", "contender"]
      + (columns.map { $0.head(workload) } + ["system calls", "samples"]).map { "#" + $0 }
    return Element(
      "div", [],
      [
        Element("h3", title), .table(head, rows, class: "cells", caption: caption), commands,
      ])
  }

  private var cells: [(Contender, Cell)] {
    workload.connections.flatMap { connections in
      measurements.results.contenders.compactMap { contender in
        measurements.cell(workload, contender, connections).map { (contender, $0) }
      }
    }
  }

  /// Columns with a value in any cell.
  private var columns: [CellColumn] {
    CellColumn.all.filter { column in cells.contains { column.value($0.1) != nil } }
  }

  private var rows: [Element] {
    let (cells, columns) = (cells, columns)
    var last = cells[0].1.connections
    return cells.map { contender, cell in
      defer { last = cell.connections }
      let start = [
        Element.number(Quantity.count(cell.connections)), .rowHead(Element(contender.label)),
      ]
      return .row(start + fields(cell, columns), class: last == cell.connections ? "row" : "first")
    }
  }

  private func fields(_ cell: Cell, _ columns: [CellColumn]) -> [Element] {
    if let failure = cell.failure {
      return [
        Element(
          "td", [("class", "bad"), ("colspan", "\(columns.count + 2)")],
          [Element("failed: " + failure)])
      ]
    }
    let values = columns.map { column -> Element in
      guard let value = column.value(cell), let text = column.text(cell, workload) else {
        return Element("td", "–", class: "n none")
      }
      let isBound = column.metric.map { $0.isLowerBoundWhenSaturated && cell.isSaturated($0) }
      return Element(
        "td", [("class", "n"), ("data-value", "\(value)")],
        [Element((isBound == true ? "≥ " : "") + text)])
    }
    let calls = cell.allSystemCallsPerMessage.map { Quantity.fraction($0) } ?? "–"
    return values + [.number(calls), .number("\(cell.samples.count)")]
  }

  private var commands: Element {
    let rows = cells.map { contender, cell in
      Element.row([
        .number(Quantity.count(cell.connections)), .rowHead(Element(contender.label)),
        Element("td", [], [Element("code", cell.command)]), Element("td", cell.systemCallsText),
      ])
    }
    return Element(
      "details", [],
      [
        Element("summary", "Commands to repeat each cell, and system calls by name"),
        .table(
          ["#clients", "contender", "command", "system calls per \(workload.unit)"], rows,
          class: "commands", caption: "\(workload.title): command that repeats each cell"),
      ])
  }
}

// The report as one HTML file without scripts and external resources. A value; any thread.

import FoundationEssentials

struct Page {
  let measurements: Measurements
  let verdict: Verdict
  let baseline: Baseline?

  private var results: CompareResults { measurements.results }

  var html: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
    img-src data:">
    <meta name="color-scheme" content="light dark">
    <meta name="description" content="\(Markup.escape(verdict.headline))">
    <link rel="icon" href="data:,">
    <title>throng compare: \(Markup.escape(verdict.advice))</title>
    <style>
    \(StyleSheet.page)</style>
    </head>
    <body>
    \(header.html)
    \(main.html)
    <footer>results.json and results.csv beside this file hold the same values.</footer>
    </body>
    </html>

    """
  }

  private var sections: [WorkloadSection] {
    zip(results.workloads, verdict.workloads).map { workload, verdict in
      WorkloadSection(workload: workload, verdict: verdict, measurements: measurements)
    }
  }

  // MARK: Head

  private var header: Element {
    let date = results.started.ISO8601Format().prefix(16).replacing("T", with: " ")
    var content = [
      Element(
        "p", [("class", "brand")],
        [
          Element("b", "throng compare"), Element(" · \(date) UTC · \(results.machine.cpuModel)"),
        ]),
      Element("h1", verdict.advice),
    ]
    if !verdict.evidence.isEmpty { content.append(Element("p", verdict.evidence, class: "lead")) }
    content += sections.compactMap(\.strip)
    if !verdict.command.isEmpty {
      content.append(Element("pre", [], [Element("code", verdict.command)]))
    }
    return Element("header", [], content + [navigation])
  }

  private var navigation: Element {
    var links = results.workloads.map {
      ("w-" + MetricSection.slug($0.id), Phrase.capitalized($0.title))
    }
    if baseline != nil { links.append(("baseline", "Since the baseline")) }
    links += [
      ("cells", "Every cell"), ("contenders", "Contenders"), ("method", "Method"),
      ("machine", "Machine"),
    ]
    let items = links.map { id, title in
      Element("li", [], [Element("a", [("href", "#" + id)], [Element(title)])])
    }
    return Element("nav", [("aria-label", "Sections")], [Element("ul", [], items)])
  }

  // MARK: Body

  private var main: Element {
    let environment = EnvironmentSections(results: results)
    return Element(
      "main", [],
      recommendation + (baseline.map { [BaselineSection(baseline: $0).element] } ?? [])
        + sections.map(\.element)
        + [cells, environment.contenders, environment.method, environment.machine])
  }

  private var recommendation: [Element] {
    let remarks = verdict.remarks + results.notes.map(Phrase.sentence)
    let box = Element(
      "section", [("class", "advice-box"), ("aria-labelledby", "advice-h")],
      [
        Element("h2", [("id", "advice-h")], [Element("Recommendation")]),
        .list(verdict.recommendation, class: "advice"),
      ])
    return (verdict.recommendation.isEmpty ? [] : [box])
      + (remarks.isEmpty ? [] : [.list(remarks, class: "remarks outside")])
  }

  private var cells: Element {
    let tables = results.workloads.compactMap {
      CellTables(workload: $0, measurements: measurements).element
    }
    return .section(
      "cells", "Every cell", tables.isEmpty ? [Element("p", "Nothing was measured.")] : tables)
  }
}

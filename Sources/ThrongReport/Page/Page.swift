// The report as one HTML file without scripts and external resources. A value; any thread.

import FoundationEssentials
import LinuxSystem

struct Page {
  let results: CompareResults
  let verdict: Verdict
  let baseline: Baseline?
  private let measurements: Measurements

  init(_ results: CompareResults, baseline: Baseline?) {
    self.results = results
    self.baseline = baseline
    measurements = Measurements(results)
    verdict = Verdict(measurements)
  }

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
    \(footer.html)
    </body>
    </html>

    """
  }

  // MARK: Head

  private var header: Element {
    var content = [
      Element(
        "p", [("class", "brand")],
        [Element("b", "throng compare"), Element(" · \(date) · \(results.machine.cpuModel)")]),
      Element("h1", verdict.advice),
    ]
    if !verdict.evidence.isEmpty { content.append(.of("p", class: "lead", verdict.evidence)) }
    return Element("header", [], content + [navigation])
  }

  private var date: String {
    let text = results.started.ISO8601Format()
    return text.prefix(16).replacing("T", with: " ") + " UTC"
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
      Element("li", [], [Element("a", [("href", "#" + id)], title)])
    }
    return Element("nav", [("aria-label", "Sections")], [Element("ul", [], items)])
  }

  // MARK: Body

  private var main: Element {
    var content = [recommendation]
    if let baseline {
      content.append(BaselineSection(baseline: baseline, results: results).element)
    }
    content += zip(results.workloads, verdict.workloads).map { workload, verdict in
      WorkloadSection(workload: workload, verdict: verdict, measurements: measurements).element
    }
    let setting = EnvironmentSections(results: results)
    return Element(
      "main", [], content + [cells, setting.contenders, setting.method, setting.machine])
  }

  private var recommendation: Element {
    let remarks = verdict.remarks + results.notes.map(Phrase.sentence)
    let box = Element(
      "section", [("class", "advice-box"), ("aria-labelledby", "advice-h")],
      [
        Element("h2", [("id", "advice-h")], "Recommendation"),
        .list(verdict.recommendation, class: "advice"),
      ])
    return remarks.isEmpty
      ? box : Element("div", [], [box, .list(remarks, class: "remarks outside")])
  }

  private var cells: Element {
    let tables = results.workloads.compactMap {
      CellTables(workload: $0, measurements: measurements).element
    }
    return .section(
      "cells", "Every cell", tables.isEmpty ? [Element("p", "Nothing was measured.")] : tables)
  }

  private var footer: Element {
    Element(
      "footer", [],
      [Element("results.json and results.csv beside this file hold the same values.")])
  }
}

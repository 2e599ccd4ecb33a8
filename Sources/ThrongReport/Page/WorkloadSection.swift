// One workload in the HTML report: description, findings, charts with tables.

struct WorkloadSection {
  let workload: Workload
  let verdict: WorkloadVerdict
  let measurements: Measurements

  var element: Element {
    let findings = verdict.findings.map { finding in
      Element(
        "li", [],
        [
          Element("b", finding.metric.title), Element(". \(finding.sentences[0]) "),
          Element("span", finding.sentences.dropFirst().joined(separator: " ")),
        ])
    }
    let blocks = Metric.all.compactMap {
      MetricSection(metric: $0, workload: workload, measurements: measurements).element
    }
    var content = [Element("p", workload.explanation, class: "explanation")]
    if !findings.isEmpty { content.append(Element("ul", [("class", "findings")], findings)) }
    if !verdict.remarks.isEmpty { content.append(.list(verdict.remarks, class: "remarks")) }
    content.append(
      blocks.isEmpty
        ? Element("p", "Nothing was measured.") : Element("div", [("class", "grid")], blocks))
    content += securityCost
    return .section(
      "w-" + MetricSection.slug(workload.id), Phrase.capitalized(workload.title), content)
  }

  private var securityCost: [Element] {
    guard let cost = SecurityCost(workload, measurements) else { return [] }
    let rows = cost.rows.map { row in
      Element.row(
        [.number(Quantity.count(row.connections)), .rowHead(Element(row.contender.label))]
          + cost.fields(row).map(Element.number))
    }
    return [
      .table(
        ["#clients", "contender"] + cost.titles.map { "#" + $0 }, rows, class: "cells",
        caption: Phrase.capitalized(cost.title)),
      Element("p", "Negotiated: \(cost.negotiated).", class: "explanation"),
    ]
  }

  /// The best model at each number of clients, with the confidence; nil without a recommendation.
  var strip: Element? {
    guard !verdict.recommendations.isEmpty else { return nil }
    let items = verdict.recommendations.map { recommendation in
      Element(
        "li", [],
        [
          Element("span", Phrase.clients(recommendation.connections), class: "clients"),
          Element("b", Phrase.list(recommendation.models.map(\.label), "or")),
          Element("small", recommendation.confidenceText),
        ])
    }
    return Element(
      "div", [],
      [
        Element(
          "p", Phrase.capitalized(workload.title) + ": best model, and confidence",
          class: "strip-title"),
        Element("ul", [("class", "strip")], items),
      ])
  }
}

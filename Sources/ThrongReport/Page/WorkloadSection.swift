// One workload in the HTML report: description, findings, charts with tables.

struct WorkloadSection {
  let workload: Workload
  let verdict: WorkloadVerdict
  let measurements: Measurements

  var element: Element {
    let findings = verdict.findings.map { finding in
      let rest = finding.sentences.dropFirst().joined(separator: " ")
      return Element(
        "li", [],
        [
          Element("b", finding.metric.title), Element(". \(finding.sentences[0]) "),
          Element("span", rest),
        ])
    }
    let blocks = Metric.allCases.compactMap {
      MetricSection(metric: $0, workload: workload, measurements: measurements).element
    }
    var content = [Element.of("p", class: "explanation", workload.explanation)]
    content.append(Element("ul", [("class", "findings")], findings))
    if !verdict.remarks.isEmpty { content.append(.list(verdict.remarks, class: "remarks")) }
    content.append(
      blocks.isEmpty
        ? Element("p", "Nothing was measured.")
        : Element("div", [("class", "grid")], blocks))
    return .section(
      "w-" + MetricSection.slug(workload.id), Phrase.capitalized(workload.title), content)
  }
}

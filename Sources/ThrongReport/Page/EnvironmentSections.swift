// Sections of the HTML report: contenders, method, machine, versions.

import LinuxSystem

struct EnvironmentSections {
  let results: CompareResults

  var contenders: Element {
    let rows = results.contenders.map { contender in
      Element(
        "tr", [],
        [
          Element("th", [("scope", "row")], contender.label),
          Element("td", contender.kind == .model ? "Throng" : "peer"),
          Element(
            "td", [],
            [Element("code", ([contender.command] + contender.flags).joined(separator: " "))]),
          Element("td", contender.omitted.map { "did not take part: " + $0 } ?? ""),
        ])
    }
    let head = ["name", "kind", "command", ""].map { Element("th", [("scope", "col")], $0) }
    let table = Element(
      "table", [("class", "commands")],
      [
        Element.caption("Server commands; {port} is replaced by the port"),
        Element("thead", [], [Element("tr", [], head)]), Element("tbody", [], rows),
      ])
    return .section("contenders", "Contenders", [.scrolling("contenders", table)])
  }

  var method: Element {
    .section(
      "method", "Method",
      [
        .list(MethodText(results).sentences, class: "prose"),
        Element("p", [], [Element("Command: "), Element("code", results.command)]),
      ])
  }

  var machine: Element {
    let machine = results.machine
    var facts: [(String, Element)] = [
      ("processor", Element(machine.cpuModel)), ("cores", Element("\(machine.cores)")),
      ("memory", Element(Quantity.bytes(Double(machine.memoryBytes)))),
      ("kernel", Element(machine.kernel)), ("system", Element(machine.operatingSystem)),
    ]
    facts += machine.limits.map { ($0.name, Element($0.value)) }
    facts += results.versions.map { ($0.name, Element($0.version)) }
    var content = [Element.facts(facts)]
    if !machine.notes.isEmpty { content.append(.list(machine.notes.map(Phrase.sentence))) }
    return .section("machine", "Machine and versions", content)
  }
}

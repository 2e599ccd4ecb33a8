// Sections of the HTML report: contenders, method, machine, versions.

struct EnvironmentSections {
  let results: CompareResults

  var contenders: Element {
    let rows = results.contenders.map { contender in
      Element.row([
        .rowHead(Element(contender.label)),
        Element("td", contender.kind == .model ? "Throng" : "peer"),
        Element(
          "td", [],
          [Element("code", ([contender.command] + contender.flags).joined(separator: " "))]
            + (contender.tlsCommand.map { [Element("div", [], [Element("code", $0)])] } ?? [])),
        Element("td", contender.omitted.map { "did not take part: " + $0 } ?? ""),
      ])
    }
    return .section(
      "contenders", "Contenders",
      [
        .table(
          ["name", "kind", "command", ""], rows, class: "commands",
          caption: "Server commands; {port} is replaced by the port")
      ])
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
    var facts = [
      ("processor", machine.cpuModel), ("cores", "\(machine.cores)"),
      ("memory", Quantity.bytes(Double(machine.memoryBytes))), ("kernel", machine.kernel),
      ("system", machine.operatingSystem),
    ]
    facts += machine.limits.map { ($0.name, $0.value) }
    facts += results.versions.map { ($0.name, $0.version) }
    var content = [Element.facts(facts)]
    if !machine.notes.isEmpty { content.append(.list(machine.notes.map(Phrase.sentence))) }
    return .section("machine", "Machine and versions", content)
  }
}

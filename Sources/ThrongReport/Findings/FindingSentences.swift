// Sentences for findings. Every sentence of the verdict about a metric is made here. Any thread.

import LinuxSystem

struct FindingSentences {
  let metric: Metric

  /// Peers named in a ranking; the tables list all of them.
  private static let namedPeers = 3

  /// - Returns: one or more sentences.
  func sentences(_ finding: Finding) -> [String] {
    switch finding {
    case .ranking(let ranking, let excluded): [ranked(ranking, excluded)]
    case .undecided(let ranking): [undecided(ranking)]
    case .absent(let contender, let leader, let point, let value):
      [
        "With \(Phrase.clients(point.connections)), \(contender.label)"
          + (value.map { " takes \($0)." }
            ?? " has \(Quantity.times(point.ratio.value)) the \(metric.name) of \(leader.label).")
      ]
    case .absentTies(let contenders, let connections):
      ["With \(Phrase.clients(connections)), \(Phrase.list(contenders.map(\.label))) tie."]
    case .courses(let courses): self.courses(courses)
    case .saturated:
      ["The load generator was the bottleneck; \(metric.name) cannot be compared."]
    case .single(let contender, let connections, let value):
      [
        "Only \(contender.label) was measured with \(Phrase.clients(connections)):"
          + " \(value) \(metric.name)."
      ]
    }
  }

  // MARK: Rankings

  private var superlative: String { metric.higherIsBetter ? "highest" : "lowest" }

  private func ranked(_ ranking: Ranking, _ excluded: [Contender]) -> String {
    let leaders = ranking.leaders
    var start = "With \(Phrase.clients(ranking.connections))"
    if !excluded.isEmpty { start += " (\(Phrase.list(excluded.map(\.label))) excluded)" }
    let names = Phrase.list(leaders.map(\.contender.label))
    let values = Phrase.list(leaders.map(ranking.text))
    if ranking.followers.isEmpty { return "\(start), \(names) tie in \(metric.name) (\(values))." }
    let verb = leaders.count == 1 ? "has" : "tie for"
    let named = namedFollowers(ranking)
    var text = "\(start), \(names) \(verb) the \(superlative) \(metric.name) (\(values)); "
    text += Phrase.list(named.map { clause($0, ranking) })
    let left = ranking.followers.count - named.count
    if left > 0 { text += "; \(left) more \(left == 1 ? "is" : "are") in the table" }
    return text + "."
  }

  private func namedFollowers(_ ranking: Ranking) -> [Ranking.Entry] {
    var peers = 0
    return ranking.followers.filter { entry in
      if entry.contender.kind == .model { return true }
      peers += 1
      return peers <= Self.namedPeers
    }
  }

  private func clause(_ entry: Ranking.Entry, _ ranking: Ranking) -> String {
    guard let ratio = entry.ratio, let interval = ratio.interval else {
      return "\(entry.contender.label) \(ranking.text(entry))"
    }
    guard metric.isStatedAsValue else {
      return "\(entry.contender.label) has \(Quantity.times(ratio.value)) that"
        + " (\(Quantity.bound(interval.low)) to \(Quantity.bound(interval.high)))"
    }
    let text = "\(entry.contender.label) takes \(ranking.text(entry))"
    let least = ranking.entries[0].estimate.median
    let isDivisor =
      least >= metric.smallestDivisor && metric.isResolved(least, open: ranking.open)
    return isDivisor ? text + " (\(Quantity.times(ratio.value)))" : text
  }

  private func undecided(_ ranking: Ranking) -> String {
    let isSingle = ranking.entries.allSatisfy { $0.estimate.count == 1 }
    let reason = isSingle ? "measured once" : "without two rounds in common"
    let values = ranking.entries.map { "\($0.contender.label) \(ranking.text($0))" }
    return "With \(Phrase.clients(ranking.connections)): \(Phrase.list(values)) \(metric.name),"
      + " \(reason); differences cannot be distinguished from noise."
  }

  // MARK: Courses

  private func courses(_ courses: [Course]) -> [String] {
    var sentences: [String] = []
    var ahead: [Group] = []
    var aheadFrom: [Group] = []
    for course in courses {
      switch course.shape {
      case .unchanged: break
      case .aheadThroughout: Self.add(course.second.label, to: &ahead, scope(course))
      case .aheadFrom(let position):
        let start = "from \(position.text) on\(limits(position, course))"
        Self.add(course.second.label, to: &aheadFrom, start)
      case .crossover(let position, let before, let after):
        sentences.append(
          "\(before.label) is better than \(after.label) up to \(position.text)"
            + "\(limits(position, course)) and worse above.")
      case .segments(let segments):
        sentences.append(Phrase.list(segments.map { clause($0, course) }) + ".")
      }
    }
    let first = courses[0].first.label
    sentences += ahead.map { "\(first) is better than \(Phrase.list($0.others)) at \($0.text)." }
    if !aheadFrom.isEmpty {
      let clauses = aheadFrom.map { "than \(Phrase.list($0.others)) \($0.text)" }
      sentences.append("\(first) is better \(Phrase.list(clauses)); with fewer clients they tie.")
    }
    return sentences
  }

  /// Contenders for which the same text holds.
  private struct Group {
    let text: String
    var others: [String]
  }

  private static func add(_ label: String, to groups: inout [Group], _ text: String) {
    if let index = groups.firstIndex(where: { $0.text == text }) {
      groups[index].others.append(label)
    } else {
      groups.append(Group(text: text, others: [label]))
    }
  }

  /// `every number of clients`, restricted to those that were compared.
  private func scope(_ course: Course) -> String {
    guard !course.notCompared.isEmpty else { return "every number of clients" }
    let compared = Phrase.list(course.compared.map(Quantity.count))
    return "every number of clients with a comparison (\(compared))"
  }

  private func clause(_ segment: Course.Segment, _ course: Course) -> String {
    let (from, to) = (segment.connections[0], segment.connections[segment.connections.count - 1])
    let hasGap = course.notCompared.contains { from < $0 && $0 < to }
    let range =
      hasGap || from == to
      ? Phrase.clients(segment.connections) : "\(Quantity.count(from)) to \(Phrase.clients(to))"
    guard let better = course.better(segment) else {
      return "\(course.first.label) and \(course.second.label) tie with \(range)"
    }
    let other = better == course.first ? course.second : course.first
    return "\(better.label) is better than \(other.label) with \(range)"
  }

  /// In brackets: the range of an interpolated position, and the numbers of clients not compared.
  private func limits(_ position: RatioCurve.Position, _ course: Course) -> String {
    var parts: [String] = []
    let (low, high) = (Quantity.about(position.range.low), Quantity.about(position.range.high))
    if position.connections != nil, low != high { parts.append("between \(low) and \(high)") }
    if !course.notCompared.isEmpty { parts.append(Phrase.notCompared(course.notCompared)) }
    return parts.isEmpty ? "" : " (\(parts.joined(separator: "; ")))"
  }
}

extension RatioCurve.Position {
  /// `about 40 clients`, `a point between 10 and 1,000 clients`.
  var text: String {
    guard let connections else {
      let (low, high) = (Quantity.grouped(range.low), Quantity.grouped(range.high))
      return "a point between \(low) and \(high) clients"
    }
    let text = Quantity.about(connections)
    return "about \(text) client\(text == "1" ? "" : "s")"
  }
}

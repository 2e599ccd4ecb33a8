// The workloads: what the flags ask for, explained.

import ThrongLoad
import ThrongReport

extension CompareOptions {
  func workloads() -> [Workload] {
    var found: [Workload] = []
    if measuresEcho {
      for size in sizes {
        for depth in depths { for work in work { found.append(echo(size, depth, work)) } }
      }
    }
    found += block.map(blocking)
    found += slowClients.map(slow)
    found += idle.map(idleCrowd)
    if measuresChurn { found.append(churn) }
    if measuresFanOut { found.append(fanOut) }
    return found
  }

  private func echo(_ size: String, _ depth: Int, _ work: Duration) -> Workload {
    var id = work == .zero ? "echo-\(size)" : "work-\(Workload.flag(work))"
    if work > .zero, sizes.count > 1 { id += "-\(size)" }
    if depth > 1 { id += "-depth-\(depth)" }
    var title = "\(size)-byte echo"
    var explanation =
      "Every client sends a message, waits until it has come back, and sends the next at once."
    if depth > 1 {
      title += ", \(depth) in flight"
      explanation =
        "Every client keeps \(depth) messages in flight: a server that takes several at once saves calls."
    }
    if work > .zero {
      title += ", \(Workload.flag(work)) of work"
      explanation += """
         The handler computes for \(Workload.flag(work)) before it answers: what counts is how many cores \
        the model uses.
        """
    } else if depth == 1 {
      explanation +=
        " The handler does nothing else, so that what is measured is the price of the model itself."
    }
    var workload = Workload(
      id: id, title: title, explanation: explanation,
      kind: work > .zero ? .work(microseconds: work / .microseconds(1)) : .echo,
      size: size, depth: depth, connections: reachable(whenEachTakes: work * depth),
      serverFlags: ["--handler", "echo"])
    if work > .zero { workload.serverFlags += ["--work", Workload.flag(work)] }
    return workload
  }

  private func blocking(_ time: Duration) -> Workload {
    Workload(
      id: "block-\(Workload.flag(time))", title: "handlers that block for \(Workload.flag(time))",
      explanation: """
        For each message the handler blocks its thread for \(Workload.flag(time)), as it would for a file, \
        a lock or a database: one loop serves nobody meanwhile, a pool loses a worker, and with a \
        thread for each client nobody else waits.
        """,
      kind: .block(milliseconds: time / .milliseconds(1)), size: sizes[0],
      connections: reachable(whenEachTakes: time),
      serverFlags: ["--handler", "echo", "--block", Workload.flag(time)])
  }

  private func slow(_ percent: Double) -> Workload {
    let share = percent == percent.rounded() ? "\(Int(percent))" : "\(percent)"
    return Workload(
      id: "slow-\(share)", title: "\(share) % slow clients",
      explanation: """
        \(share) % of the clients read slowly what they are sent; the figures are those of the others. \
        A server that waits for the slow ones makes everybody slow.
        """,
      kind: .slowClients(percent: percent), size: sizes[0],
      connections: connections.filter {
        Double($0) * percent >= 100 && Double($0) * (100 - percent) >= 100
      },
      serverFlags: ["--handler", "echo"], generatorFlags: ["--slow-clients", share])
  }

  private func idleCrowd(_ count: Int) -> Workload {
    Workload(
      id: "idle-\(count)", title: "\(count) idle connections beside",
      explanation: """
        Beside the clients that send and wait, \(count) connections are held and say nothing, as most do \
        in most services: they should cost memory and no time.
        """,
      kind: .idle(connections: count), size: sizes[0], connections: upTo(100),
      serverFlags: ["--handler", "echo"], generatorFlags: ["--idle-connections", "\(count)"])
  }

  private var churn: Workload {
    Workload(
      id: "churn", title: "a connection for each message",
      explanation: """
        Every message comes on a connection of its own, which is closed after the answer; the latency \
        counts from the connect on. What is measured is accepting and closing, and starting a thread \
        where a client has one.
        """,
      kind: .churn, size: sizes[0], connections: upTo(1_000),
      serverFlags: ["--handler", "echo"], generatorFlags: ["--churn"])
  }

  private var fanOut: Workload {
    Workload(
      id: "fan-out", title: "one speaks, all others hear",
      explanation: """
        One member of a chat room writes lines of 100 bytes, the next one when all have heard the last, \
        and every other member receives each of them. What is counted is deliveries; the latency is that \
        of each delivery.
        """,
      kind: .fanOut, size: "100", connections: upTo(1_000),
      serverFlags: [
        "--handler", "chat", "--chat-rate", "off", "--chat-byte-rate", "off",
        "--chat-announce-limit", "0",
      ],
      generatorFlags: ["--fan-out", "--hello", "member{n}"])
  }

  /// The numbers of connections that one thread can serve within the time that is measured.
  private func reachable(whenEachTakes time: Duration) -> [Int] {
    guard time > .zero else { return connections }
    return atLeastOne(connections.filter { time * $0 <= duration })
  }

  private func upTo(_ most: Int) -> [Int] { atLeastOne(connections.filter { $0 <= most }) }

  private func atLeastOne(_ chosen: [Int]) -> [Int] {
    chosen.isEmpty ? Array(connections.prefix(1)) : chosen
  }

  /// What was asked for and is not measured, in sentences.
  func cuts(of workloads: [Workload]) -> [String] {
    workloads.compactMap { workload in
      let left = connections.filter { !workload.connections.contains($0) }
      guard !left.isEmpty else { return nil }
      let numbers = left.map { Count.text($0) }.joined(separator: ", ")
      let reason =
        switch workload.kind {
        case .work, .block:
          "one thread could not serve each client once in the time measured (a longer --duration)"
        case .idle: "it is about few active clients beside many idle ones"
        case .churn: "that many connects at once measure the backlog"
        case .slowClients: "there would be no slow client, or none that is not"
        case .fanOut: "it would be about joining"
        case .echo: "nothing would be measured"
        }
      return
        "\(workload.title): not at \(numbers) connection\(left == [1] ? "" : "s"), where \(reason)."
    }
  }
}

/// Whole numbers for people.
package enum Count {
  /// `1 connection`, `10,000 connections`.
  package static func connections(_ number: Int) -> String {
    "\(text(number)) connection" + (number == 1 ? "" : "s")
  }

  /// `10,000`.
  package static func text(_ number: Int) -> String {
    let digits = String(number)
    return String(
      digits.enumerated().reduce(into: "") { text, digit in
        let left = digits.count - digit.offset
        text += (digit.offset > 0 && left % 3 == 0 ? "," : "") + String(digit.element)
      })
  }
}

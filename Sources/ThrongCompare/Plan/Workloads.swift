// The workloads of a comparison, with titles and explanations.

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
    found += idle.map(idleBeside)
    if measuresChurn { found.append(churn) }
    if measuresFanOut { found.append(fanOut) }
    return certificate == nil ? found : found + found.flatMap(overTLS)
  }

  /// The same over TLS; a churn with full handshakes, and with resumed sessions.
  private func overTLS(_ plain: Workload) -> [Workload] {
    var workload = plain
    workload.plainWorkload = plain.id
    workload.id += "-tls"
    workload.title += " over TLS"
    workload.explanation = "The workload “\(plain.title)”, over TLS."
    guard case .churn = plain.kind else { return [workload] }
    var resumed = workload
    workload.title += ", full handshakes"
    workload.generatorFlags.append("--tls-full-handshakes")
    resumed.id += "-resumed"
    resumed.title += ", resumed sessions"
    return [workload, resumed]
  }

  private func echo(_ size: String, _ depth: Int, _ work: Duration) -> Workload {
    var id = work == .zero ? "echo-\(size)" : "work-\(Workload.flag(work))"
    if work > .zero, sizes.count > 1 { id += "-\(size)" }
    if depth > 1 { id += "-depth-\(depth)" }
    var title = "\(size)-byte echo"
    var explanation =
      "Every client sends a message, waits for the echo, and sends the next message."
    if depth > 1 {
      title += ", \(depth) in flight"
      explanation =
        "Every client keeps \(depth) messages in flight. A server that handles several per receive saves calls."
    }
    if work > .zero {
      title += ", \(Workload.flag(work)) of work"
      explanation += """
         The handler computes for \(Workload.flag(work)) before each reply, so the number of cores that \
        the model uses decides.
        """
    } else if depth == 1 {
      explanation +=
        " The handler does nothing else, so the cost of the model itself is measured."
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
        For each message the handler blocks its thread for \(Workload.flag(time)), as for a file, a lock or \
        a database. Meanwhile a reactor serves no other client, a pool has one thread less, and with a \
        thread per client no other client waits.
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
        \(share) % of the clients read slowly; the results are those of the other clients. A server that \
        blocks on a slow reader delays all clients.
        """,
      kind: .slowClients(percent: percent), size: sizes[0],
      connections: connections.filter {
        Double($0) * percent >= 100 && Double($0) * (100 - percent) >= 100
      },
      serverFlags: ["--handler", "echo"], generatorFlags: ["--slow-clients", share])
  }

  private func idleBeside(_ count: Int) -> Workload {
    Workload(
      id: "idle-\(count)", title: "\(count) further idle connections",
      explanation: """
        \(count) further connections are held without traffic, as most connections of most services. They \
        should cost memory but no time.
        """,
      kind: .idle(connections: count), size: sizes[0], connections: upTo(100),
      serverFlags: ["--handler", "echo"], generatorFlags: ["--idle-connections", "\(count)"])
  }

  private var churn: Workload {
    Workload(
      id: "churn", title: "a connection for each message",
      explanation: """
        Every message has a connection of its own, which is closed after the reply; the latency counts \
        from the connect. Measures accepting, closing and, with a thread per client, starting a thread.
        """,
      kind: .churn, size: sizes[0], connections: upTo(1_000),
      serverFlags: ["--handler", "echo"], generatorFlags: ["--churn"])
  }

  private var fanOut: Workload {
    Workload(
      id: "fan-out", title: "fan-out to all members of a chat room",
      explanation: """
        One member of a chat room sends lines of 100 bytes, each after all other members have received the \
        last one. Throughput counts deliveries; the latency is that of each delivery.
        """,
      kind: .fanOut, size: "100", connections: upTo(1_000),
      serverFlags: [
        "--handler", "chat", "--chat-rate", "off", "--chat-byte-rate", "off",
        "--chat-announce-limit", "0",
      ],
      generatorFlags: ["--fan-out", "--hello", "member{n}"])
  }

  /// Numbers of connections that one thread can serve within the measured time.
  private func reachable(whenEachTakes time: Duration) -> [Int] {
    guard time > .zero else { return connections }
    return atLeastOne(connections.filter { time * $0 <= duration })
  }

  private func upTo(_ most: Int) -> [Int] { atLeastOne(connections.filter { $0 <= most }) }

  private func atLeastOne(_ chosen: [Int]) -> [Int] {
    chosen.isEmpty ? Array(connections.prefix(1)) : chosen
  }

  /// Requested numbers of connections that are not measured, in sentences.
  func cuts(of workloads: [Workload]) -> [String] {
    workloads.compactMap { workload in
      let left = connections.filter { !workload.connections.contains($0) }
      guard !left.isEmpty else { return nil }
      let numbers = left.map { Decimals.grouped($0) }.joined(separator: ", ")
      let reason =
        switch workload.kind {
        case .work, .block:
          "one thread cannot serve each client once within the measured time (use a longer duration)"
        case .idle: "the workload is about few active clients and many idle connections"
        case .churn: "that number of concurrent connects would measure the accept queue"
        case .slowClients: "there would be no slow reader, or only slow readers"
        case .fanOut: "joining the room would dominate"
        case .echo: "there is nothing to measure"
        }
      return
        "\(workload.title): \(numbers) connection\(left == [1] ? "" : "s") omitted, because \(reason)."
    }
  }
}

/// Counts with their noun.
package enum Count {
  /// `1 connection`, `10,000 connections`.
  package static func connections(_ number: Int) -> String {
    "\(Decimals.grouped(number)) connection" + (number == 1 ? "" : "s")
  }
}

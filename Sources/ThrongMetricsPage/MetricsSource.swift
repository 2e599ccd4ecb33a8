// The figures of the observed server in each of the forms that are served. Any thread.

import LinuxSystem
import Throng

struct MetricsSource: Sendable {
  let server: Server

  var isServing: Bool { server.isServing }

  // MARK: Prometheus

  var prometheusText: String {
    server.probeLoops()
    let metrics = server.metrics
    var text = PrometheusText()
    writeConnections(metrics, to: &text)
    writeTraffic(metrics, to: &text)
    writeHandshakes(metrics, to: &text)
    writeLoops(metrics, to: &text)
    ProcessMetrics.now?.write(to: &text)
    return text.text
  }

  private func writeConnections(_ metrics: Metrics, to text: inout PrometheusText) {
    text.add(
      "throng_downstream_cx_total", .counter, "Connections accepted.", Double(metrics.accepted))
    text.add("throng_downstream_cx_active", .gauge, "Connections open.", Double(metrics.open))
    text.add(
      "throng_downstream_cx_destroy_total", .counter,
      "Connections closed, for whatever reason.", Double(metrics.closed))
    text.add(
      "throng_downstream_cx_destroy_error_total", .counter,
      "Connections closed for another reason than that their handler had finished.",
      Self.samples(metrics.closedByReason))
    text.add(
      "throng_downstream_cx_refused_total", .counter, "Clients reset instead of served.",
      Self.samples(metrics.refusedByReason))
    text.add(
      "throng_accept_pauses_total", .counter,
      "Pauses of accepting: at the connection limit, at the accept rate, or without resources.",
      Double(metrics.acceptPauses))
    if let length = metrics.acceptQueueLength {
      text.add(
        "throng_accept_queue_length", .gauge, "Established connections not accepted yet.",
        Double(length))
    }
    let durations = metrics.connectionDurations
    text.add(
      "throng_downstream_cx_length_seconds", "Duration of closed connections.",
      histograms: [([], durations.bounds, durations.counts, durations.sum)])
  }

  private func writeHandshakes(_ metrics: Metrics, to text: inout PrometheusText) {
    text.add(
      "throng_ssl_handshake_total", .counter, "TLS handshakes completed.",
      Double(metrics.handshakes))
    text.add(
      "throng_ssl_session_reused_total", .counter,
      "TLS handshakes that have resumed a session.", Double(metrics.resumedHandshakes))
    let failures = { (counts: [SecurityFailure.Reason: Int]) in
      SecurityFailure.Reason.allCases.map { reason -> (PrometheusText.Labels, Double) in
        let name = reason.rawValue.lowercased().replacing(" ", with: "_")
        return ([("reason", name)], Double(counts[reason] ?? 0))
      }
    }
    text.add(
      "throng_ssl_connection_error_total", .counter, "TLS handshakes that have failed.",
      failures(metrics.handshakeFailures))
    text.add(
      "throng_ssl_session_error_total", .counter,
      "TLS sessions that have failed after their handshake.", failures(metrics.sessionFailures))
  }

  private func writeTraffic(_ metrics: Metrics, to text: inout PrometheusText) {
    text.add(
      "throng_downstream_cx_rx_bytes_total", .counter, "Bytes received.",
      Double(metrics.receivedBytes))
    text.add(
      "throng_downstream_cx_tx_bytes_total", .counter, "Bytes sent.", Double(metrics.sentBytes))
    text.add(
      "throng_receives_total", .counter, "Receives that returned data.", Double(metrics.receives))
    text.add(
      "throng_sends_total", .counter, "Sends of which the kernel took something.",
      Double(metrics.sends))
    text.add(
      "throng_outbox_bytes_max", .gauge,
      "Largest number of bytes that were ever unsent in one outbox.",
      Double(metrics.outboxHighMark))
    text.add(
      "throng_outbox_dropped_messages_total", .counter, "Messages dropped at an outbox limit.",
      Double(metrics.droppedMessages))
  }

  private func writeLoops(_ metrics: Metrics, to text: inout PrometheusText) {
    func samples(_ value: (Metrics.Loop) -> Double) -> [(PrometheusText.Labels, Double)] {
      metrics.loops.enumerated().map { ([("loop", "\($0)")], value($1)) }
    }
    text.add(
      "throng_loop_connections", .gauge, "Connections open on the event loop.",
      samples { Double($0.open) })
    text.add(
      "throng_loop_turns_total", .counter, "Returns of epoll_wait.", samples { Double($0.turns) })
    text.add(
      "throng_loop_events_total", .counter, "Events reported by epoll_wait.",
      samples { Double($0.events) })
    text.add(
      "throng_loop_delay_seconds", .gauge,
      "Time that the event loop took to handle a wakeup, or has taken so far.",
      samples { Self.seconds($0.delay) })
    text.add(
      "throng_loop_turn_duration_seconds",
      "Duration of turns of the event loop, one in 64 measured.",
      histograms: metrics.loops.enumerated().map { index, loop in
        let durations = loop.turnDurations
        return ([("loop", "\(index)")], durations.bounds, durations.counts, durations.sum)
      })
  }

  private static func samples(
    _ counts: [(reason: String, count: Int)]
  ) -> [(labels: PrometheusText.Labels, value: Double)] {
    counts.map { ([("reason", $0.reason)], Double($0.count)) }
  }

  static func seconds(_ duration: Duration) -> Double { Double(duration.nanoseconds) / 1e9 }

  // MARK: JSON

  /// What the live page shows; it takes the rates from two of these.
  var snapshot: JSON {
    server.probeLoops()
    let metrics = server.metrics
    let process = ProcessMetrics.now
    func counts(_ counts: [(reason: String, count: Int)]) -> JSON {
      .object(counts.map { ($0.reason, .integer($0.count)) })
    }
    return .object([
      ("time", .number(Double(MonotonicTime.now.nanoseconds) / 1e9)),
      ("model", .string("\(server.runningModel)")),
      ("addresses", .array(server.addresses.map { .string("\($0)") })),
      ("serving", .string(server.isServing ? "yes" : "no")),
      ("open", .integer(metrics.open)), ("accepted", .integer(metrics.accepted)),
      ("closed", .integer(metrics.closed)), ("refused", counts(metrics.refusedByReason)),
      ("errors", counts(metrics.closedByReason)), ("pauses", .integer(metrics.acceptPauses)),
      ("queue", metrics.acceptQueueLength.map { .integer($0) } ?? .null),
      ("received", .integer(metrics.receivedBytes)), ("sent", .integer(metrics.sentBytes)),
      ("receives", .integer(metrics.receives)), ("sends", .integer(metrics.sends)),
      ("outbox", .integer(metrics.outboxHighMark)),
      ("dropped", .integer(metrics.droppedMessages)),
      ("cpu", process.map { .number($0.cpuSeconds) } ?? .null),
      ("memory", process.map { .integer($0.residentBytes) } ?? .null),
      (
        "loops",
        .array(
          metrics.loops.map {
            .object([
              ("open", .integer($0.open)), ("turns", .integer($0.turns)),
              ("events", .integer($0.events)), ("delay", .number(Self.seconds($0.delay))),
            ])
          })
      ),
    ])
  }

  /// How many connections each list has.
  static let listLength = 20

  /// The connections with the largest outbox, those whose client has taken nothing for longest, and the
  /// oldest ones.
  var connections: JSON {
    get async {
      let report = await server.inspectConnections(limit: Self.listLength)
      func list(_ connections: [ConnectionInfo]) -> JSON {
        .array(connections.map(Self.json))
      }
      return .object([
        ("open", .integer(server.metrics.open)),
        ("unansweredLoops", .integer(report.unansweredLoops)),
        ("largest", list(report.largest)), ("slowest", list(report.slowest)),
        ("oldest", list(report.oldest)),
      ])
    }
  }

  private static func json(_ info: ConnectionInfo) -> JSON {
    .object([
      ("id", .integer(info.id)), ("address", .string("\(info.remoteAddress)")),
      ("loop", .integer(info.loop)), ("ageSeconds", .number(seconds(info.age))),
      ("idleSeconds", .number(seconds(info.idle))), ("outboxBytes", .integer(info.outboxBytes)),
      ("stalledSeconds", .number(seconds(info.stalled))),
    ])
  }
}

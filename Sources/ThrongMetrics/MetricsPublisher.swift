// Publishes a server's metrics through swift-metrics, so that `Throng` itself does not need that package.
// The server counts without it; this reads the counters at intervals and passes on what has changed.

import CoreMetrics
import Synchronization
import Throng

/// Publishes the metrics of a server through the metrics backend of the application.
///
/// ```swift
/// let publisher = MetricsPublisher(server)
/// async let _ = publisher.run(every: .seconds(10))
/// try await server.run()
/// ```
///
/// The labels are those of the Prometheus page without their units and `_total`. Histograms are not
/// published: backends accept single durations only.
public final class MetricsPublisher: Sendable {
  private struct State {
    var counters: [Series: Counter] = [:]
    var meters: [Series: Meter] = [:]
    var published: [Series: Int] = [:]
  }

  private struct Series: Hashable {
    let label: String
    var dimension: (name: String, value: String)?

    static func == (left: Self, right: Self) -> Bool {
      left.label == right.label && left.dimension?.value == right.dimension?.value
    }

    func hash(into hasher: inout Hasher) {
      hasher.combine(label)
      hasher.combine(dimension?.value)
    }

    var dimensions: [(String, String)] { dimension.map { [($0.name, $0.value)] } ?? [] }
  }

  private let server: Server
  private let factory: (any MetricsFactory)?
  private let state = Mutex(State())

  /// - Parameters:
  ///   - server: the server whose metrics are published.
  ///   - factory: the backend; nil: the one that the application has bootstrapped.
  public init(_ server: Server, factory: (any MetricsFactory)? = nil) {
    self.server = server
    self.factory = factory
  }

  /// Publishes at intervals until the task is cancelled, and once more then.
  public func run(every interval: Duration = .seconds(10)) async {
    while !Task.isCancelled {
      publish()
      try? await Task.sleep(for: interval)
    }
    publish()
  }

  /// Publishes what the server has counted until now. Any thread.
  public func publish() {
    server.probeLoops()
    let metrics = server.metrics
    state.withLock { s in
      for (label, total) in Self.totals(metrics) { add(Series(label: label), total, &s) }
      for (reason, total) in metrics.refusedByReason {
        add(Series(label: "throng_downstream_cx_refused", dimension: ("reason", reason)), total, &s)
      }
      for (reason, total) in metrics.closedByReason {
        let label = "throng_downstream_cx_destroy_error"
        add(Series(label: label, dimension: ("reason", reason)), total, &s)
      }
      set(Series(label: "throng_downstream_cx_active"), Double(metrics.open), &s)
      set(Series(label: "throng_outbox_bytes_max"), Double(metrics.outboxHighMark), &s)
      if let length = metrics.acceptQueueLength {
        set(Series(label: "throng_accept_queue_length"), Double(length), &s)
      }
      for (index, loop) in metrics.loops.enumerated() {
        let delay = Series(label: "throng_loop_delay_seconds", dimension: ("loop", "\(index)"))
        set(delay, loop.delay / .seconds(1), &s)
      }
    }
  }

  private static func totals(_ metrics: Metrics) -> [(String, Int)] {
    [
      ("throng_downstream_cx", metrics.accepted),
      ("throng_downstream_cx_destroy", metrics.closed),
      ("throng_downstream_cx_rx_bytes", metrics.receivedBytes),
      ("throng_downstream_cx_tx_bytes", metrics.sentBytes),
      ("throng_ssl_handshake", metrics.handshakes),
      ("throng_ssl_session_reused", metrics.resumedHandshakes),
      ("throng_receives", metrics.receives), ("throng_sends", metrics.sends),
      ("throng_accept_pauses", metrics.acceptPauses),
      ("throng_outbox_dropped_messages", metrics.droppedMessages),
    ]
  }

  private func add(_ series: Series, _ total: Int, _ s: inout State) {
    let counter = s.counters[series] ?? makeCounter(series)
    s.counters[series] = counter
    let new = total - s.published[series, default: 0]
    guard new > 0 else { return }
    s.published[series] = total
    counter.increment(by: new)
  }

  private func set(_ series: Series, _ value: Double, _ s: inout State) {
    let meter = s.meters[series] ?? makeMeter(series)
    s.meters[series] = meter
    meter.set(value)
  }

  private func makeCounter(_ series: Series) -> Counter {
    factory.map { Counter(label: series.label, dimensions: series.dimensions, factory: $0) }
      ?? Counter(label: series.label, dimensions: series.dimensions)
  }

  private func makeMeter(_ series: Series) -> Meter {
    factory.map { Meter(label: series.label, dimensions: series.dimensions, factory: $0) }
      ?? Meter(label: series.label, dimensions: series.dimensions)
  }
}

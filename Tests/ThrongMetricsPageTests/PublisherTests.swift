// What is published through swift-metrics is what the server has counted.

import MetricsTestKit
import TestSupport
import Testing
import Throng
import ThrongHandlers
import ThrongMetrics

@Suite(.countsResources, .serialized) struct PublisherTests {
  @Test func countersGetWhatIsNewAndGaugesWhatIs() async throws {
    let metrics = TestMetrics()
    try await withServer(Echo(), Setup(model: .reactor)) { running in
      let publisher = MetricsPublisher(running.server, factory: metrics)
      publisher.publish()
      for expected in 1...2 {
        let client = try running.connect()
        defer { client.close() }
        try client.send("hello")
        _ = try client.receive(exactly: 5)
        publisher.publish()
        publisher.publish()
        let accepted = try metrics.expectCounter("throng_downstream_cx")
        #expect(accepted.totalValue == Int64(expected))
        let received = try metrics.expectCounter("throng_downstream_cx_rx_bytes")
        #expect(received.totalValue == Int64(5 * expected))
      }
      let refused = try metrics.expectCounter(
        "throng_downstream_cx_refused", [("reason", "address_limit")])
      #expect(refused.totalValue == 0)
      #expect(
        try metrics.expectMeter("throng_loop_delay_seconds", [("loop", "0")]).values.count > 0)
    }
  }
}

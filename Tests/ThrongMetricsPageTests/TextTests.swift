// The two text formats: each value is written so that a parser gets it back.

import Foundation
import Testing

@testable import ThrongMetricsPage

@Suite struct TextTests {
  @Test func aFamilyIsWrittenOnceBeforeItsSamples() {
    var text = PrometheusText()
    text.add(
      "x_total", .counter, "Help\nwith \\ and \"quotes\".",
      [([("reason", "a\"\\\nb")], 1), ([], 2.5)])
    #expect(
      text.text == """
        # HELP x_total Help\\nwith \\\\ and "quotes".
        # TYPE x_total counter
        x_total{reason="a\\"\\\\\\nb"} 1
        x_total 2.5

        """)
  }

  @Test func bucketsAreCumulative() {
    var text = PrometheusText()
    text.add(
      "d_seconds", "Durations.", histograms: [([("loop", "0")], [0.001, 1], [2, 3, 4], 12.5)])
    #expect(
      text.text == """
        # HELP d_seconds Durations.
        # TYPE d_seconds histogram
        d_seconds_bucket{loop="0",le="0.001"} 2
        d_seconds_bucket{loop="0",le="1"} 5
        d_seconds_bucket{loop="0",le="+Inf"} 9
        d_seconds_sum{loop="0"} 12.5
        d_seconds_count{loop="0"} 9

        """)
  }

  @Test(arguments: [
    (0, "0"), (-1, "-1"), (1e15, "1000000000000000"), (0.00001, "1e-05"), (.infinity, "+Inf"),
    (-.infinity, "-Inf"), (.nan, "NaN"),
  ])
  func numbersAreWrittenAsPrometheusReadsThem(_ number: Double, _ text: String) {
    #expect(PrometheusText.number(number) == text)
  }

  @Test func jsonIsReadBack() throws {
    let text = "a\"\\\n\t\r\u{1}ü"
    let json = JSON.object([
      ("string", .string(text)), ("list", .array([.integer(1), .null, .number(0.5)])),
      ("infinite", .number(.infinity)),
    ])
    let read = try JSONSerialization.jsonObject(with: Data(json.text.utf8)) as? [String: Any]
    #expect(read?["string"] as? String == text)
    #expect((read?["list"] as? [Any])?.count == 3)
    #expect(read?["infinite"] is NSNull)
  }
}

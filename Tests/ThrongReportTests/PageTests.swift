// The page and the charts as text: escaping, well-formedness, contrast, rounding.

import Foundation
import FoundationXML
import LinuxSystem
import Testing

@testable import ThrongReport

@Suite struct PageTests {
  @Test func externalTextIsEscaped() {
    let html = Report(Fixture.full, baseline: Fixture.baseline).html
    #expect(!html.contains("<script") && !html.contains("<cannot>") && !html.contains("<C>"))
    #expect(
      html.contains("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;Söhne&#39;"))
    #expect(!html.contains("http:") && !html.contains("https:") && !html.contains("url("))
  }

  @Test func controlAndBidirectionalCharactersAreReplaced() {
    #expect(Markup.escape("a\u{0}b\u{1b}c\u{202e}d") == "a\u{fffd}b\u{fffd}c\u{fffd}d")
    #expect(Markup.escape("\"'<>&\n") == "&quot;&#39;&lt;&gt;&amp;\n")
  }

  @Test func everyChartIsWellFormed() throws {
    var results = Fixture.full
    results.contenders[4].label = "\u{0}\u{b}]]> <!-- & \u{ffff}"
    let charts = Report(results).charts
    #expect(charts.count == 8)
    for chart in charts {
      let parser = XMLParser(data: Data(chart.svg.utf8))
      #expect(parser.parse(), "\(chart.name): \(String(describing: parser.parserError))")
      let rest = chart.svg.replacing("http://www.w3.org/2000/svg", with: "")
      #expect(!rest.contains("http") && !rest.contains("url(") && !rest.contains("@import"))
    }
  }

  @Test func exactlyTheReportFilesAreWritten() throws {
    try inTemporaryDirectory { directory in
      let report = directory + "/deep/report"
      try Report(Fixture.full).write(to: report)
      let files = try FileManager.default.subpathsOfDirectory(atPath: report).sorted()
      #expect(
        files.filter { !$0.hasPrefix("charts/") }
          == ["charts", "index.html", "results.csv", "results.json"])
      #expect(files.contains("charts/echo-64-cpu.svg"))
    }
  }

  @Test func aDirectoryThatCannotBeCreatedIsReported() {
    let error = #expect(throws: FileWriteError.self) {
      try Report(Fixture.full).write(to: "/dev/null/report")
    }
    #expect(error?.description == "cannot write /dev/null/report: Not a directory")
  }

  @Test func emptyResultsHaveAPage() {
    let results = Fixture.results([Fixture.model("reactor")]) { _, _, _, _, _ in false }
    let report = Report(results)
    #expect(report.html.contains("Nothing was measured.") && report.charts.isEmpty)
    #expect(report.text().hasPrefix("Nothing was measured."))
  }

  @Test func textHasEnoughContrastInBothSchemes() throws {
    let backgrounds = SeriesStyle.background
    for color in SeriesStyle.colors {
      #expect(try contrast(color.light, backgrounds.light) >= 4.5, "\(color.light)")
      #expect(try contrast(color.dark, backgrounds.dark) >= 4.5, "\(color.dark)")
    }
    // Text, secondary text, links and faults, on the page and on a card.
    for (texts, backgrounds) in [
      (["#1b1f24", "#59616b", "#0b5fa5", "#b3262f"], ["#f5f6f8", "#ffffff", "#eef4fa"]),
      (["#e8eaed", "#a4acb7", "#74b9ff", "#ff9494"], ["#0e1013", "#15181d", "#16222f"]),
    ] {
      for text in texts {
        #expect(StyleSheet.page.contains(text))
        for background in backgrounds {
          #expect(StyleSheet.page.contains(background))
          #expect(try contrast(text, background) >= 4.5, "\(text) on \(background)")
        }
      }
    }
  }

  /// As WCAG 2 defines it.
  private func contrast(_ first: String, _ second: String) throws -> Double {
    func luminance(_ color: String) throws -> Double {
      let value = try #require(Int(color.dropFirst(), radix: 16))
      let parts = [16, 8, 0].map { shift -> Double in
        let part = Double(value >> shift & 255) / 255
        return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
      }
      return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    }
    let levels = try [luminance(first), luminance(second)].sorted()
    return (levels[1] + 0.05) / (levels[0] + 0.05)
  }

  @Test(arguments: [
    (0.0, "0 s"), (12.34, "12.3 ns"), (950, "950 ns"), (4234, "4.23 µs"), (104_000_000, "104 ms"),
    (10_638_298_000, "10.6 s"),
  ])
  func timesHaveAReadableUnit(_ nanoseconds: Double, _ text: String) {
    #expect(Quantity.plain(Quantity.time(nanoseconds: nanoseconds)) == text)
  }

  @Test func quantitiesAreRounded() {
    #expect(Quantity.rate(235_412.7, "msg") == "235,400 msgs/s")
    #expect(Quantity.bytes(1700) == "1.66 KiB" && Quantity.bytes(12.4) == "12 B")
    #expect(Quantity.rate(9876.4, "conn") == "9,876 conns/s")
    #expect(Quantity.short(250_000) == "250k" && Quantity.short(2_500_000) == "2.5M")
    let ratio = Ratio(value: 0.412, interval: Interval(0.395, 0.431))
    #expect(Quantity.ratio(ratio) == "0.41 ± 0.02")
    #expect(Quantity.ratio(Ratio(value: 125.2, interval: Interval(122, 128))) == "125 ± 3")
    #expect(Quantity.confidence(0.96875) == "97 %" && Quantity.confidence(1) == "99.9 %")
    #expect(Quantity.change(1.042) == "+4.2 %" && Quantity.change(0.69) == "-31 %")
    #expect(Quantity.plain("5.00 µs") == "5 µs" && Quantity.plain("100 µs") == "100 µs")
  }

  @Test func axesHaveRoundMarksThatIncludeTheValues() {
    #expect(Scale(values: [4.1, 15.1]).marks == [0, 5, 10, 15, 20])
    // The marks go on to the end of the axis.
    #expect(Scale(values: [38.9]).marks.last == Scale(values: [38.9]).high)
    #expect(Scale(values: [90, 1600]).marks == [100, 200, 500, 1000, 2000])
    #expect(Scale(values: [900, 118_600]).marks == [1000, 10_000, 100_000])
    #expect(
      Scale(values: [12, 950_000], isBinary: true).marks == [16, 256, 4096, 65_536, 1_048_576])
    #expect(Scale(values: []).marks.count > 1 && Scale(values: [0]).marks.count > 1)
    let one = Scale(connections: [100])
    #expect(one.position(100) == 0.5)
  }
}

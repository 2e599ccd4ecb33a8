// The live page as a file: complete, and without a reference to another one.

import Testing

@testable import ThrongMetricsPage

@Suite struct LivePageTests {
  private let page = LivePage.response.body

  @Test func nothingIsLoadedFromElsewhere() {
    for reference in ["src=", "@import", "url(", "<link", "https:", "import("] {
      #expect(!page.contains(reference), "\(reference)")
    }
    // An identifier, not an address.
    #expect(!page.replacing("http://www.w3.org/2000/svg", with: "").contains("http:"))
    #expect(LivePage.response.headers.contains { $0.contains("default-src 'none'") })
  }

  /// An element that is missing would stop the script.
  @Test func theScriptFindsItsElements() {
    let names = LivePage.script.matches(of: /(?:byId|fill)\("([a-z]+)"/).map(\.1)
    #expect(names.count > 8)
    for name in names { #expect(page.contains(" id=\"\(name)\""), "\(name)") }
  }
}

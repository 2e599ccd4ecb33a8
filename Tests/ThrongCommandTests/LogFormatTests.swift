// A line of the log is one line in either format, whatever its text contains.

import Foundation
import Logging
import Testing

@testable import ThrongCommand

@Suite struct LogFormatTests {
  private let time = "2026-03-01T12:30:05.250Z"

  @Test func asTextALineIsASentenceWithItsMetadata() {
    let line = LogFormat.text.line(.warning, "cannot accept", ["b": "2", "a": "1"], time: time)
    #expect(line == "2026-03-01T12:30:05.250Z warning: cannot accept a=1 b=2")
  }

  @Test func asJSONALineIsAnObject() throws {
    let metadata: Logger.Metadata = ["list": ["x", .dictionary(["y": "\u{1}"])], "n": "\(7)"]
    let line = LogFormat.json.line(.notice, "listening", metadata, time: time)
    #expect(
      line == """
        {"time":"2026-03-01T12:30:05.250Z","level":"notice","message":"listening",\
        "metadata":{"list":["x",{"y":"\\u0001"}],"n":"7"}}
        """)
  }

  @Test(arguments: ["", "a\"b\\c", "two\nlines\r\n\ttab", "\u{0}\u{1b}\u{7f}", "größer 𝄞 \u{2028}"])
  func noTextBreaksTheObject(_ text: String) throws {
    let line = LogFormat.json.line(.error, text, [text: .string(text)], time: time)
    #expect(!line.unicodeScalars.contains { $0.value < 0x20 })
    let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    #expect(object?["message"] as? String == text)
    #expect(object?["metadata"] as? [String: String] == [text: text])
  }
}

// HTML elements. Text is escaped when it becomes an element.

/// Escaped HTML.
struct Element {
  let html: String

  /// Text that is HTML already.
  init(html: String) { self.html = html }

  /// Text, escaped.
  init(_ text: String) { html = Markup.escape(text) }

  init(_ name: String, _ attributes: [(String, String)], _ content: [Element]) {
    html = Markup.element(name, attributes, content.map(\.html).joined())
  }

  init(_ name: String, _ text: String, class classes: String? = nil) {
    self.init(name, classes.map { [("class", $0)] } ?? [], [Element(text)])
  }

  static func list(_ texts: [String], class classes: String = "plain") -> Element {
    Element("ul", [("class", classes)], texts.map { Element("li", $0) })
  }

  /// A section with its heading.
  static func section(_ id: String, _ heading: String, _ content: [Element]) -> Element {
    Element(
      "section", [("id", id), ("aria-labelledby", id + "-h")],
      [Element("h2", [("id", id + "-h")], [Element(heading)])] + content)
  }

  /// The name of a row.
  static func rowHead(_ content: Element...) -> Element {
    Element("th", [("scope", "row")], content)
  }

  /// A number.
  static func number(_ text: String) -> Element { Element("td", text, class: "n") }

  static func row(_ cells: [Element], class classes: String = "row") -> Element {
    Element("tr", [("class", classes)], cells)
  }

  /// A table with a caption that stays visible while it is scrolled; the page itself does not scroll
  /// horizontally.
  /// - Parameter head: titles of the columns; a leading `#` marks a column of numbers.
  static func table(
    _ head: [String], _ rows: [Element], class classes: String, caption: String
  ) -> Element {
    let titles = head.map { title in
      let isNumber = title.hasPrefix("#")
      return Element(
        "th", [("scope", "col"), ("class", isNumber ? "n" : "t")],
        [Element(isNumber ? String(title.dropFirst()) : title)])
    }
    let table = Element(
      "table", [("class", classes)],
      [
        Element("caption", [], [Element("span", caption)]),
        Element("thead", [], [Element("tr", [], titles)]), Element("tbody", [], rows),
      ])
    return Element(
      "div",
      [("class", "scroll"), ("role", "region"), ("aria-label", caption), ("tabindex", "0")], [table]
    )
  }

  /// A list of names and values.
  static func facts(_ facts: [(String, String)]) -> Element {
    Element(
      "dl", [("class", "facts")],
      facts.map { name, value in Element("div", [], [Element("dt", name), Element("dd", value)]) })
  }
}

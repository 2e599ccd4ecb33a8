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

  init(_ name: String, _ text: String) { self.init(name, [], [Element(text)]) }

  init(_ name: String, _ attributes: [(String, String)], _ text: String) {
    self.init(name, attributes, [Element(text)])
  }

  static func of(_ name: String, class classes: String, _ text: String) -> Element {
    Element(name, [("class", classes)], text)
  }

  /// A caption that stays visible while its table is scrolled.
  static func caption(_ text: String) -> Element {
    Element("caption", [], [Element("span", text)])
  }

  static func list(_ texts: [String], class classes: String = "plain") -> Element {
    Element("ul", [("class", classes)], texts.map { Element("li", $0) })
  }

  /// A section with its heading.
  static func section(_ id: String, _ heading: String, _ content: [Element]) -> Element {
    Element(
      "section", [("id", id), ("aria-labelledby", id + "-h")],
      [Element("h2", [("id", id + "-h")], heading)] + content)
  }

  /// Makes a wide table scroll horizontally; the page does not.
  static func scrolling(_ label: String, _ table: Element) -> Element {
    Element(
      "div",
      [("class", "scroll"), ("role", "region"), ("aria-label", label), ("tabindex", "0")], [table])
  }

  /// A list of names and values.
  static func facts(_ facts: [(String, Element)]) -> Element {
    Element(
      "dl", [("class", "facts")],
      facts.map { name, value in
        Element("div", [], [Element("dt", name), Element("dd", [], [value])])
      })
  }
}

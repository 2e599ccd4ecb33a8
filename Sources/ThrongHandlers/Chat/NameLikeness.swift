// What a name looks like, as a key that is the same for names that can be mistaken for each other. Pure.

enum NameLikeness {
  /// A letter of a name, small and without its marks, which follow it.
  private struct Letter {
    let scalar: Unicode.Scalar
    let wasCapital: Bool
  }

  /// The key of a name, and others when it looks different in capitals or as it was written: ν looks
  /// like v and Ν like N. Keys are compared canonically, as all strings are.
  static func keys(of text: String) -> (key: String, more: [String]) {
    let letters = text.unicodeScalars.flatMap(letters(of:))
    let key = appearance(of: letters) { _ in false }
    guard letters.contains(where: { inCapitals[$0.scalar] != nil }) else { return (key, []) }
    let others: Set = [
      appearance(of: letters) { _ in true }, appearance(of: letters, isCapital: \.wasCapital),
    ]
    return (key, others.subtracting([key]).sorted())
  }

  private static func appearance(of letters: [Letter], isCapital: (Letter) -> Bool) -> String {
    var view = String.UnicodeScalarView()
    for letter in letters {
      let capital = isCapital(letter) ? inCapitals[letter.scalar] : nil
      view.append(capital ?? lookalikes[letter.scalar] ?? letter.scalar)
    }
    return String(view)
  }

  private static func letters(of scalar: Unicode.Scalar) -> [Letter] {
    let wasCapital = scalar.properties.isUppercase
    return folded(scalar).unicodeScalars.flatMap { decompositions[$0] ?? [$0] }
      .map { Letter(scalar: $0, wasCapital: wasCapital) }
  }

  /// Up and down again, as full case folding does: of ß and SS, of σ and ς.
  private static func folded(_ scalar: Unicode.Scalar) -> String {
    let upper = scalar.properties.uppercaseMapping
    // An iota subscript would become a letter, and take the marks that follow it.
    let hasSubscript =
      scalar == "\u{345}"
      || upper.unicodeScalars.count > 1 && upper.unicodeScalars.last == "\u{399}"
    return hasSubscript ? scalar.properties.lowercaseMapping : upper.lowercased()
  }

  /// Letters that look alike in either case (В and B do, so в and b count as one) or in small.
  private static let lookalikes = map([
    ("01i", "oll"),
    ("авекмнорстухѕіјӏһԁԛԝѵѡү", "abekmhopctyxsljlhdqwvwy"),
    ("αβγεζηικμνορτυχωϲϳ", "abyeznlkmvoptuxwcj"),
    ("πφλ", "пфл"),
    ("ð", "đ"),
  ])

  /// Those that look like another letter in capitals, where that differs.
  private static let inCapitals = map([("ηνυ", "hny")])

  private static func map(_ pairs: [(String, String)]) -> [Unicode.Scalar: Unicode.Scalar] {
    Dictionary(
      uniqueKeysWithValues: pairs.flatMap { zip($0.0.unicodeScalars, $0.1.unicodeScalars) })
  }

  /// The marks with which those letters are composed.
  private static let marks: [UInt32] = [
    0x300, 0x301, 0x302, 0x303, 0x304, 0x306, 0x307, 0x308, 0x309, 0x30b, 0x30c, 0x30f, 0x311,
    0x313,
    0x314, 0x323, 0x328, 0x330, 0x342, 0x345,
  ]

  /// Each precomposed form of those letters, as the letter and its marks. The standard library compares
  /// strings canonically but does not tell how a letter is decomposed: so it is asked about every letter
  /// with every mark, once.
  private static let decompositions: [Unicode.Scalar: [Unicode.Scalar]] = {
    var precomposed: [String: [Unicode.Scalar]] = [:]
    for block in [0xc0...0x17f, 0x1cd...0x21b, 0x370...0x52f, 0x1e00...0x1fff]
      as [ClosedRange<UInt32>]
    {
      for scalar in block.compactMap(Unicode.Scalar.init)
      where scalar.properties.generalCategory == .lowercaseLetter {
        precomposed[String(scalar), default: []].append(scalar)
      }
    }
    var result: [Unicode.Scalar: [Unicode.Scalar]] = [:]
    var found = lookalikes.keys.filter { $0.properties.isAlphabetic }.map { [$0] }
    while let letter = found.popLast() {
      for mark in marks.compactMap(Unicode.Scalar.init) {
        let marked = letter + [mark]
        let text = String(String.UnicodeScalarView(marked))
        // Taken out: marks that come in another order make the same letter.
        guard let scalars = precomposed.removeValue(forKey: text) else { continue }
        for scalar in scalars { result[scalar] = marked }
        found.append(marked)
      }
    }
    return result
  }()
}

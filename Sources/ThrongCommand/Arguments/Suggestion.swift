// What a mistyped word was probably meant to be.

enum Suggestion {
  /// The most similar of the known words; nil when none is similar.
  static func word(for typed: String, among known: [String]) -> String? {
    let distances = known.map { (word: $0, distance: distance(Array(typed), Array($0))) }
    guard let best = distances.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= max(1, best.word.count / 3) ? best.word : nil
  }

  /// Number of characters to insert, delete, replace or exchange with their neighbour (optimal string
  /// alignment distance).
  static func distance(_ from: [Character], _ to: [Character]) -> Int {
    var rows = [Array(0...to.count)]
    for (i, character) in from.enumerated() {
      var row = [i + 1]
      for (j, other) in to.enumerated() {
        var least = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (character == other ? 0 : 1))
        if i > 0, j > 0, character == to[j - 1], from[i - 1] == other {
          least = min(least, rows[i - 1][j - 1] + 1)
        }
        row.append(least)
      }
      rows.append(row)
    }
    return rows[from.count][to.count]
  }
}

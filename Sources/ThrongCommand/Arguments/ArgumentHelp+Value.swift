// Help for flags whose values have a parser of their own: ArgumentParser shows no default for these.

import ArgumentParser

extension ArgumentHelp {
  /// - Parameter name: what the value is called in the help.
  static func value(_ name: String, _ text: String) -> ArgumentHelp {
    ArgumentHelp(text, valueName: name)
  }

  /// - Parameter name: what the value is called in the help.
  /// - Parameter standard: the default, or what happens without the flag.
  static func value(_ name: String, _ text: String, default standard: some Any) -> ArgumentHelp {
    ArgumentHelp("\(text) (default: \(standard))", valueName: name)
  }
}

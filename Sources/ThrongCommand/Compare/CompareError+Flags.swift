// Sentences for errors of a comparison, with the flags that remedy them.

import LinuxSystem
import ThrongCompare

extension CompareError {
  /// The error in one sentence with its remedy.
  var sentence: String {
    switch self {
    case .noPort(let peer):
      "--peer '\(peer)': the command has no {port} placeholder (add it where the command takes its port)"
    case .duplicate(let contender):
      "duplicate contender '\(contender)' (give the --peer another name)"
    case .noContenders: "no contenders (give --models or --peer)"
    case .noProcessor(let processor, let forServer, let available):
      "\(forServer ? "--server-cpus" : "--generator-cpus"): processor \(processor) is not available"
        + " (available: \(Processors.text(available)))"
    case .nothingToMeasure(let note): "nothing to measure: \(note ?? "no workload applies")"
    case .otherComparison(let file, let difference):
      "\(file) is from another comparison: \(difference) (use the same flags, or another --output)"
    }
  }
}

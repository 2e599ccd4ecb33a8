// Errors, faults and warnings of the load generator with the flags that remedy them.

import ThrongLoad

extension LoadError {
  /// The error in one sentence with its remedy.
  var sentence: String {
    switch self {
    case .outOfRange(let option, _, let range):
      "\(option.flag) must be between \(option.text(range.lowerBound)) and "
        + option.text(range.upperBound)
    case .tooManyConnections: "\(self), or use fewer --connections"
    case .noSuchProcess: "\(self) (--pid takes the process id of the server)"
    case .command(.noPort):
      "\(self) (add it where the command takes its port, or give HOST:PORT)"
    case .command(.noSuchProcessors): "\(self) (--server-cpus takes a list such as 0,2-3)"
    case .command(.silent):
      "\(self) (check that it uses {port}; if it listens elsewhere, give HOST:PORT or --unix)"
    default: description
    }
  }
}

extension LoadOption {
  /// The flag that sets the option.
  fileprivate var flag: String {
    switch self {
    case .slowReaders: "--slow-clients"
    case .repeats: "--repeat"
    case .messageSize, .lineSize: "--size"
    case .lineReplySize: "--size with --expect-lines"
    case .sizeWeight: "a weight of --size"
    case .replySize: "--reply"
    case .percentile, .latencyLimit: "--p99"
    default:
      // The other flags have the name of their option.
      rawValue.reduce("--") { $0 + ($1.isUppercase ? "-" : "") + $1.lowercased() }
    }
  }

  fileprivate func text(_ value: Double) -> String {
    switch self {
    case .duration, .warmup, .timeout, .startTimeout, .latencyLimit:
      "\(DurationArgument(.seconds(value)))"
    default: Decimals.plain(value)
    }
  }
}

extension FaultSummary {
  /// The fault in one sentence with its remedy.
  var sentence: String { sentence(remedy: remedy) }

  private var remedy: String? {
    switch hint {
    case .greeting(nil): "if the server sends a greeting, give its length with --greeting"
    case .greeting(let bytes?): "if this is a greeting, give --greeting \(bytes)"
    case .hello(let isGiven):
      "check that the server sends each line to all clients; "
        + (isGiven
          ? "check that it accepts this --hello; " : "if it expects a first line, give --hello; ")
        + "if connects were lost, use a lower --connect-rate"
    case .certificate:
      "name its authority's certificate with --tls-ca, or the name that it has with --tls-name"
    case nil: nil
    }
  }
}

extension MeasurementWarning {
  /// The warning in one sentence with its remedy.
  var sentence: String {
    switch self {
    case .generatorBusy:
      "\(self) (use more --threads; the throughput is a lower bound, the server's CPU per message is not "
        + "affected)"
    case .timersLate: "\(self) (give the generator a core of its own, or use more --threads)"
    case .sharedProcessors:
      "\(self) (pin them apart: --server-cpus for the server, taskset for throng bench)"
    case .unsent: description
    }
  }
}

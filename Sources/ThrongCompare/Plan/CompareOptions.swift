// Options of a comparison. Values made from the command's flags; any thread.

import LinuxSystem
import ThrongLoad
import ThrongReport

/// Options of a comparison.
package struct CompareOptions: Sendable {
  /// Command that starts `throng`, for the models and for the load generator.
  package var throng: String
  /// Throng's models that take part.
  package var models = ModelChoice.allCases
  package var peers: [PeerChoice] = []
  /// Numbers of connections.
  package var connections = [1, 10, 100, 1_000, 10_000]
  /// Parameters of the echo; every combination is a workload.
  package var sizes = ["64"]
  package var depths = [1]
  package var work: [Duration] = [.zero]
  /// Whether echo workloads are measured.
  package var measuresEcho = true
  package var block: [Duration] = []
  /// Shares of slow readers, in per cent.
  package var slowClients: [Double] = []
  /// Numbers of idle connections.
  package var idle: [Int] = []
  package var measuresChurn = false
  package var measuresFanOut = false
  /// The servers' certificate: each workload is measured over TLS, too; nil: none is.
  package var certificate: ServerCertificate?
  package var duration = Duration.seconds(2)
  package var warmup = Duration.milliseconds(300)
  package var repeats = 5
  /// Time limits of a connect or reply, and of the start of a server.
  package var timeout = Duration.seconds(5)
  package var startTimeout = Duration.seconds(10)
  package var seed: UInt64 = 1
  /// Processors; nil: half of the machine each.
  package var serverProcessors: [Int]?
  package var generatorProcessors: [Int]?
  package var countsSystemCalls = true

  package init(throng: String) { self.throng = throng }

  /// Shortens the comparison to about a minute: fewer connections, short samples, and as many rounds
  /// as an interval without assumptions about the noise needs.
  package mutating func makeQuick() {
    connections = [1, 100, 1_000]
    repeats = 6
    duration = .milliseconds(300)
    warmup = .milliseconds(50)
  }

  package static let quickBudget = Duration.seconds(70)
  package static let shortestQuickDuration = Duration.milliseconds(200)
}

/// Throng's models by the name of the contender.
package enum ModelChoice: String, Sendable, CaseIterable {
  case reactor
  case reactorLoops = "reactor-loops"
  case threadPool = "thread-pool"
  case threadPerClient = "thread-per-client"

  /// Flags of `throng serve`.
  /// - Parameter threads: for models that can choose.
  func flags(threads: Int) -> [String] {
    switch self {
    case .reactor: ["--mode", "reactor"]
    case .reactorLoops: ["--mode", "reactor", "--loops", "\(threads)"]
    case .threadPool: ["--mode", "thread-pool", "--threads", "\(threads)"]
    case .threadPerClient: ["--mode", "thread-per-client"]
    }
  }

  func label(threads: Int) -> String {
    switch self {
    case .reactor: "reactor"
    case .reactorLoops: "reactor (\(threads) loops)"
    case .threadPool: "thread-pool (\(threads))"
    case .threadPerClient: "thread-per-client"
    }
  }
}

/// The files of the servers' certificate and private key (PEM).
package struct ServerCertificate: Sendable, Equatable {
  package var certificatePath: String
  package var keyPath: String
  /// Whether they are gone after the comparison, so that a command that repeats a measurement needs others.
  package var isTemporary: Bool

  package init(certificatePath: String, keyPath: String, isTemporary: Bool = false) {
    self.certificatePath = certificatePath
    self.keyPath = keyPath
    self.isTemporary = isTemporary
  }

  /// What stands for them in commands.
  package static let placeholders = (certificate: "{certificate}", key: "{key}")
}

/// Another server: `NAME=COMMAND {port}`.
package struct PeerChoice: Sendable, Equatable {
  package var name: String
  package var command: String
  /// The same server with TLS: `COMMAND {port} {certificate} {key}`.
  package var tlsCommand: String?

  package init(name: String, command: String, tlsCommand: String? = nil) {
    self.name = name
    self.command = command
    self.tlsCommand = tlsCommand
  }
}

/// Why a comparison is not possible. The command puts it into words, with the flag that remedies it.
package enum CompareError: Error, Equatable {
  /// The command of a peer has no `{port}`.
  case noPort(peer: String)
  /// Two contenders have the same id.
  case duplicate(contender: String)
  case noContenders
  /// A processor for the servers, or for the load generator, that this process may not use.
  case noProcessor(Int, forServer: Bool, available: Set<Int>)
  /// Nothing is left to measure; the last remark about what was left out.
  case nothingToMeasure(String?)
  /// A file to resume is from another comparison; the first difference, as a clause.
  case otherComparison(file: String, difference: String)
}

// What a comparison is to measure. Plain values: the command makes them from its flags.

import ThrongLoad
import ThrongReport

/// The configuration of a comparison.
package struct CompareOptions: Sendable {
  /// The command `throng`, as a shell finds it: serves the models, and generates the load.
  package var throng: String
  /// Which of Throng's models take part.
  package var models = ModelChoice.allCases
  package var peers: [PeerChoice] = []
  /// The numbers of connections.
  package var connections = [1, 10, 100, 1_000, 10_000]
  /// Of the echo: every combination is a workload.
  package var sizes = ["64"]
  package var depths = [1]
  package var work: [Duration] = [.zero]
  /// Whether the echo was asked for, or no workload at all.
  package var measuresEcho = true
  package var block: [Duration] = []
  /// The share of clients that read slowly, in per cent.
  package var slowClients: [Double] = []
  /// Connections that are held and say nothing.
  package var idle: [Int] = []
  package var measuresChurn = false
  package var measuresFanOut = false
  package var duration = Duration.seconds(2)
  package var warmup = Duration.milliseconds(300)
  package var repeats = 5
  /// How long a connect or a reply may take, and how long a server may take until it listens.
  package var timeout = Duration.seconds(5)
  package var startTimeout = Duration.seconds(10)
  package var seed: UInt64 = 1
  /// Nil: halves of the machine.
  package var serverProcessors: [Int]?
  package var generatorProcessors: [Int]?
  package var countsSystemCalls = true

  package init(throng: String) { self.throng = throng }

  /// The whole in 40 s: fewer connections and rounds, and as short as the number of contenders asks.
  package mutating func makeQuick() {
    connections = [1, 100, 1_000]
    repeats = 3
    duration = .milliseconds(500)
    warmup = .milliseconds(100)
  }

  package static let quickBudget = Duration.seconds(36)
  package static let shortestQuickDuration = Duration.milliseconds(300)
}

/// One of Throng's models, as contenders are called.
package enum ModelChoice: String, Sendable, CaseIterable {
  case reactor
  case reactorLoops = "reactor-loops"
  case threadPool = "thread-pool"
  case threadPerClient = "thread-per-client"

  /// What it adds to `throng serve`.
  /// - Parameter threads: for the models that have a choice.
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

/// A server of somebody else: `NAME=COMMAND {port}`.
package struct PeerChoice: Sendable, Equatable {
  package var name: String
  package var command: String

  package init(name: String, command: String) {
    self.name = name
    self.command = command
  }
}

/// Why a comparison cannot be made: one sentence with its remedy.
package struct CompareError: Error, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

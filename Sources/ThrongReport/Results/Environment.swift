// Where and how a comparison was measured: the machine, the versions, the method.

/// The machine that everything ran on.
public struct Machine: Sendable, Codable, Equatable {
  /// As /proc/cpuinfo names it.
  public var cpuModel: String
  /// Processors that the comparison may run on.
  public var cores: Int
  public var memoryBytes: Int
  /// As uname(2) says it: `Linux 6.1.0 x86_64`.
  public var kernel: String
  public var operatingSystem: String
  /// Those that bear on the figures, such as open files, in the order in which they are shown.
  public var limits: [Limit]
  /// What else may bear on the figures, in sentences: a virtual machine, a frequency governor.
  public var notes: [String]

  /// A limit of the machine, as text.
  public struct Limit: Sendable, Codable, Equatable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  public init(
    cpuModel: String, cores: Int, memoryBytes: Int, kernel: String, operatingSystem: String,
    limits: [Limit] = [], notes: [String] = []
  ) {
    self.cpuModel = cpuModel
    self.cores = cores
    self.memoryBytes = memoryBytes
    self.kernel = kernel
    self.operatingSystem = operatingSystem
    self.limits = limits
    self.notes = notes
  }
}

/// What was used, and which of it: `throng 0.1`, `gcc 12.2.0`.
public struct Version: Sendable, Codable, Equatable {
  public var name: String
  public var version: String

  public init(_ name: String, _ version: String) {
    self.name = name
    self.version = version
  }
}

/// How every cell was measured.
public struct Method: Sendable, Codable, Equatable {
  /// How long one sample measures, and how long the load runs before that.
  public var seconds: Double
  public var warmupSeconds: Double
  /// Samples of a cell when all goes well.
  public var repeats: Int
  /// Pinned to these; empty: not pinned.
  public var serverProcessors: [Int]
  public var generatorProcessors: [Int]
  /// The order of the cells within each round follows from it.
  public var seed: UInt64
  /// Whether every byte that came back was compared.
  public var verifies: Bool

  public init(
    seconds: Double, warmupSeconds: Double, repeats: Int, serverProcessors: [Int],
    generatorProcessors: [Int], seed: UInt64, verifies: Bool = true
  ) {
    self.seconds = seconds
    self.warmupSeconds = warmupSeconds
    self.repeats = repeats
    self.serverProcessors = serverProcessors
    self.generatorProcessors = generatorProcessors
    self.seed = seed
    self.verifies = verifies
  }
}

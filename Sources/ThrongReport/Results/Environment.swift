// Environment of a comparison: machine, versions, method. Values; any thread.

/// The machine.
public struct Machine: Sendable, Codable, Equatable {
  /// Processor model from /proc/cpuinfo.
  public var cpuModel: String
  /// Number of processors that the comparison may use.
  public var cores: Int
  /// Memory in bytes.
  public var memoryBytes: Int
  /// Kernel from uname(2): `Linux 6.1.0 x86_64`.
  public var kernel: String
  /// Name of the distribution.
  public var operatingSystem: String
  /// Limits that affect the results, such as open files.
  public var limits: [Limit]
  /// Remarks in sentences: a virtual machine, a frequency governor.
  public var notes: [String]

  /// A limit of the machine, as text.
  public struct Limit: Sendable, Codable, Equatable {
    /// Name of the limit.
    public var name: String
    /// Its value.
    public var value: String

    /// Creates a limit.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// Creates a description of a machine.
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

/// Shares of the processors' time, 0 to 1, that were not available to the comparison.
public struct BackgroundLoad: Sendable, Codable, Equatable {
  /// Used by processes that are not part of the comparison.
  public var otherProcesses: Double
  /// Taken by the hypervisor.
  public var hypervisor: Double

  /// Creates a background load.
  public init(otherProcesses: Double, hypervisor: Double) {
    self.otherProcesses = otherProcesses
    self.hypervisor = hypervisor
  }
}

/// A program and its version: `throng 0.1`, `gcc 12.2.0`.
public struct Version: Sendable, Codable, Equatable {
  /// Name of the program.
  public var name: String
  /// Its version.
  public var version: String

  /// Creates a version.
  public init(_ name: String, _ version: String) {
    self.name = name
    self.version = version
  }
}

/// How every cell was measured.
public struct Method: Sendable, Codable, Equatable {
  /// Measured time of one sample, in seconds.
  public var seconds: Double
  /// Warm-up before each sample, in seconds.
  public var warmupSeconds: Double
  /// Number of rounds.
  public var repeats: Int
  /// Processors of the server; empty: not pinned.
  public var serverProcessors: [Int]
  /// Processors of the load generator; empty: not pinned.
  public var generatorProcessors: [Int]
  /// Seed of the order of the cells within the rounds.
  public var seed: UInt64
  /// Whether every received byte was verified.
  public var verifies: Bool

  /// Creates a method.
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

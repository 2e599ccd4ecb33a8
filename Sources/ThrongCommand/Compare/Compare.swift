// `throng compare`: flags for contenders and workloads. `CompareRun` does the rest.

import ArgumentParser
import Glibc
import LinuxSystem
import ThrongCompare
import ThrongLoad

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare the models with each other and with other servers, and write a report.",
    discussion: """
      Default: all four models with a 64-byte echo over 1 to 10,000 connections. Writes index.html, \
      results.json and results.csv to throng-report/. With --tls, each workload runs with and without TLS.

      Exit status: 0 on success, 1 when nothing could be measured or compared with --baseline, 2 for a \
      regression against --baseline, 3 when the machine was too busy for a verdict, 64 for wrong usage, \
      130 when interrupted (results so far are reported; --resume continues).
      """)

  @OptionGroup(title: "Contenders") var contenders: ContenderFlags
  @OptionGroup(title: "Workloads") var workloads: WorkloadFlags
  @OptionGroup(title: "Method") var method: MethodFlags
  @OptionGroup(title: "Results") var results: ResultFlags

  func run() throws {
    var options = try options
    var files: TemporaryCertificateFiles?
    if options.certificate?.isTemporary == true, !results.list {
      let made = try TemporaryCertificateFiles()
      if results.cell != nil { made.keepOnExec() }
      options.certificate = made.paths
      files = made
    }
    let status = try withExtendedLifetime(files) {
      try CompareRun(options: options, flags: method, results: results).run()
    }
    if status != 0 { throw ExitCode(status) }
  }

  private var options: CompareOptions {
    get throws {
      var options = CompareOptions(throng: CompareRun.ownCommand)
      if method.quick { options.makeQuick() }
      try contenders.apply(to: &options)
      try workloads.apply(to: &options)
      try method.apply(to: &options)
      return options
    }
  }
}

struct ContenderFlags: ParsableArguments {
  @Option(
    help: .value(
      "list", "Models to compare: \(Self.names), or none.", default: "all"),
    transform: { try ListArgument(parsing: $0, Self.model) })
  var models: ListArgument<ModelChoice?>?

  @Option(
    help: ArgumentHelp(
      "Another echo server; {port} is replaced by its port on 127.0.0.1; may be repeated.",
      valueName: "name=command {port}"),
    transform: Self.peer)
  var peer: [PeerChoice] = []

  @Option(
    help: ArgumentHelp(
      """
      The command of that --peer with TLS; {certificate} and {key} are replaced by paths (PEM); may be \
      repeated.
      """, valueName: "name=command {port} {certificate} {key}"),
    transform: Self.tlsPeer)
  var tlsPeer: [PeerChoice] = []

  func validate() throws {
    if models?.values == [nil], peer.isEmpty {
      throw ValidationError("nothing to compare with --models none (give a --peer)")
    }
  }

  func apply(to options: inout CompareOptions) throws {
    if let models { options.models = models.values.compactMap(\.self) }
    if models?.values.contains(nil) == true, !options.models.isEmpty {
      throw ValidationError("--models none excludes other models")
    }
    options.peers = peer
    for secure in tlsPeer {
      guard let index = peer.firstIndex(where: { $0.name == secure.name }) else {
        throw ValidationError("--tls-peer '\(secure.name)' requires a --peer of the same name")
      }
      options.peers[index].tlsCommand = secure.command
    }
  }

  private static let names = ModelChoice.allCases.map(\.rawValue).joined(separator: ", ")

  @Sendable private static func model(_ text: String) throws -> ModelChoice? {
    if text == "none" { return nil }
    guard let model = ModelChoice(rawValue: text) else {
      throw ValidationError("unknown model '\(text)' (use \(names), or none)")
    }
    return model
  }

  @Sendable private static func tlsPeer(_ text: String) throws -> PeerChoice {
    let peer = try peer(text)
    let (certificate, key) = ServerCertificate.placeholders
    guard peer.command.contains(certificate), peer.command.contains(key) else {
      throw ValidationError("the command has no \(certificate) or no \(key) placeholder (add both)")
    }
    return peer
  }

  @Sendable private static func peer(_ text: String) throws -> PeerChoice {
    guard let sign = text.firstIndex(of: "="), sign > text.startIndex else {
      throw ValidationError(
        "invalid --peer (use NAME=COMMAND {port}, such as 'mine=./server --port {port}')")
    }
    let command = String(text[text.index(after: sign)...])
    guard command.contains("{port}") else {
      throw ValidationError(
        "the command has no {port} placeholder (add it where the command takes its port)")
    }
    do {
      guard try CommandLineText.split(command).first?.contains("{port}") == false else {
        throw ValidationError("the command must start with a program name")
      }
    } catch let error as LoadError {
      throw ValidationError("\(error)")
    }
    return PeerChoice(name: String(text[..<sign]), command: command)
  }
}

struct WorkloadFlags: ParsableArguments {
  @Option(
    help: .value("list", "Numbers of connections.", default: "1,10,100,1000,10000"),
    transform: ListArgument.positive)
  var connections: ListArgument<Int>?

  @Option(
    help: .value("list", "Message sizes of the echo, in bytes.", default: "64"),
    transform: { try ListArgument(parsing: $0, Self.size) })
  var sizes: ListArgument<String>?

  @Option(
    help: .value("list", "Messages in flight on each connection.", default: "1"),
    transform: ListArgument.positive)
  var depth: ListArgument<Int>?

  @Option(
    help: ArgumentHelp(
      "CPU time that the handler spends per message, such as 0us,20us,200us.", valueName: "list"),
    transform: ListArgument.durations)
  var work: ListArgument<DurationArgument>?

  @Option(
    help: ArgumentHelp(
      "Time that the handler blocks its thread per message, such as 1ms.", valueName: "list"),
    transform: ListArgument.durations)
  var block: ListArgument<DurationArgument>?

  @Option(
    help: ArgumentHelp("Share of the clients that read slowly.", valueName: "percent"),
    transform: PercentArgument.share)
  var slowClients: Double?

  @Option(
    help: ArgumentHelp("Further connections held without traffic.", valueName: "n"),
    transform: NumberArgument.positive)
  var idle: Int?

  @Flag(help: "Open a new connection for each message.")
  var churn = false

  @Flag(help: "Chat room in which one member sends to --connections others.")
  var fanOut = false

  @Flag(help: "Measure each workload over TLS, too, and what TLS costs.")
  var tls = false

  @Option(
    help: .value(
      "file", "Certificate of the servers (PEM).", default: "a temporary one, ECDSA on P-256"))
  var tlsCertificate: String?

  @Option(
    help: .value("file", "Its private key (PEM).", default: "in the file of the certificate"))
  var tlsKey: String?

  func validate() throws {
    if !tls, tlsCertificate != nil { throw ValidationError("--tls-certificate requires --tls") }
    if tlsKey != nil, tlsCertificate == nil {
      throw ValidationError("--tls-key requires --tls-certificate")
    }
  }

  /// Applies the flags. Without any, and with those of the echo, the echo is measured.
  func apply(to options: inout CompareOptions) throws {
    if let connections { options.connections = connections.values.sorted() }
    if let sizes { options.sizes = sizes.values }
    if let depth { options.depths = depth.values }
    if let work { options.work = work.values.map(\.duration) }
    if let block { options.block = block.values.map(\.duration) }
    guard !options.block.contains(.zero) else {
      throw ValidationError("--block must be greater than 0, such as 1ms")
    }
    try Self.checkMicroseconds("--work", options.work)
    try Self.checkMicroseconds("--block", options.block)
    if let slowClients {
      // 0.07 × 100 is more than 7 in binary floating point; rounding to a millionth restores the
      // given value.
      let percent = (slowClients * 100 * 1e6).rounded() / 1e6
      guard percent > 0, percent < 100 else {
        throw ValidationError(
          "--slow-clients must be greater than 0 and less than 100 %")
      }
      options.slowClients = [percent]
    }
    if let idle { options.idle = [idle] }
    options.measuresChurn = churn
    options.measuresFanOut = fanOut
    if tls { options.certificate = certificate }
    let asksForOther = block != nil || slowClients != nil || idle != nil || churn || fanOut
    let asksForEcho = sizes != nil || depth != nil || work != nil
    options.measuresEcho = asksForEcho || !asksForOther
  }

  /// A temporary one has no files yet.
  private var certificate: ServerCertificate {
    guard let tlsCertificate else {
      return ServerCertificate(certificatePath: "", keyPath: "", isTemporary: true)
    }
    return ServerCertificate(certificatePath: tlsCertificate, keyPath: tlsKey ?? tlsCertificate)
  }

  /// The server's flags and the cell ids have a resolution of 1 µs.
  private static func checkMicroseconds(_ flag: String, _ times: [Duration]) throws {
    for time in times where time.components.attoseconds % 1_000_000_000_000 != 0 {
      throw ValidationError("\(flag) must be whole microseconds, such as 20us")
    }
  }

  @Sendable private static func size(_ text: String) throws -> String {
    guard !text.contains(":"), (try? MessageSizes(parsing: text)) != nil else {
      throw ValidationError("invalid --sizes (use bytes such as 64,4096 or a range 16-1024)")
    }
    return text
  }
}

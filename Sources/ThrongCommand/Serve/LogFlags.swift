// The flags that say how much the server tells on standard error.

import ArgumentParser
import Logging
import ThrongHandlers

struct LogFlags: ParsableArguments {
  @Option(
    help: .value(
      "level", "The least level that is logged.",
      default: "info"))
  var logLevel: Logger.Level?

  @Flag(help: "Only errors on standard error: not where the server listens, nor any other event.")
  var quiet = false

  @Flag(help: "What was counted, on standard error at the end. SIGUSR1 shows it at any time.")
  var stats = false

  @Option(
    help: .value(
      "bytes",
      """
      Log lines that wait while standard error is not read, and printed bytes that wait while standard \
      output is not read. More are dropped, and counted in the log.
      """, default: SizeArgument(OutputQueue.Limits.standard.bytes)),
    transform: SizeArgument.init(parsing:))
  var outputQueue: SizeArgument?

  func validate() throws {
    if quiet, logLevel != nil {
      throw ValidationError("--quiet and --log-level exclude each other (leave one of them out)")
    }
  }

  func setQueueLimits() {
    guard let bytes = outputQueue?.bytes else { return }
    StandardError.setLimits(OutputQueue.Limits(bytes: bytes))
    StandardOutput.queue.setLimits(OutputQueue.Limits(bytes: bytes))
  }

  var level: Logger.Level { quiet ? .error : logLevel ?? .info }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}

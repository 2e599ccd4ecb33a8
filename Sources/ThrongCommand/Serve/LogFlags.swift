// Flags for the log on standard error.

import ArgumentParser
import LinuxSystem
import Logging
import ThrongHandlers

struct LogFlags: ParsableArguments {
  @Option(
    help: .value(
      "level", "Minimum level of log lines.",
      default: "info"))
  var logLevel: Logger.Level?

  @Option(help: "Write the log as sentences, or as one JSON object a line.")
  var logFormat = LogFormat.text

  @Flag(
    help:
      "Print only errors; the same as --log-level error, without the line that says where it listens."
  )
  var quiet = false

  @Flag(help: "Print the counters at the end. SIGUSR1 prints them at any time.")
  var stats = false

  @Option(
    help: .value(
      "bytes",
      """
      Maximum log lines and printed bytes queued while standard error or standard output is not read. \
      More are dropped and counted.
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

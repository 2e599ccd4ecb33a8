// Flags for time limits. The defaults are the library's.

import ArgumentParser
import LinuxSystem
import Throng

private let defaults = Configuration()

struct TimeFlags: ParsableArguments {
  @Option(
    help: .value(
      "duration", "Close connections idle for longer than this, or off.",
      default: "\(TimeLimitArgument(defaults.connection.idleTimeout)), for chat off"),
    transform: TimeLimitArgument.init(parsing:))
  var idleTimeout: TimeLimitArgument?

  @Option(
    help: .value(
      "duration", "Close connections whose client has sent nothing within this time, or off.",
      default: "\(DurationArgument(HandlerChoice.firstByteTimeout)), for greet and chat off"),
    transform: TimeLimitArgument.init(parsing:))
  var firstByteTimeout: TimeLimitArgument?

  @Option(
    help: .value(
      "duration", "Maximum time of one receive, or off.",
      default: TimeLimitArgument(defaults.connection.receiveTimeout)),
    transform: TimeLimitArgument.init(parsing:))
  var receiveTimeout = TimeLimitArgument(defaults.connection.receiveTimeout)

  @Option(
    help: .value(
      "duration",
      "Reset connections whose client takes none of the unsent bytes for this time, or off.",
      default: TimeLimitArgument(defaults.connection.sendTimeout)),
    transform: TimeLimitArgument.init(parsing:))
  var sendTimeout = TimeLimitArgument(defaults.connection.sendTimeout)

  @Option(
    help: .value(
      "duration",
      "The same for connections that are closing.",
      default: DurationArgument(defaults.connection.flushTimeout)),
    transform: DurationArgument.init(parsing:))
  var flushTimeout = DurationArgument(defaults.connection.flushTimeout)

  @Option(
    help: .value(
      "duration", "Time that a closed connection waits for the client's FIN.",
      default: DurationArgument(defaults.connection.lingerTimeout)),
    transform: DurationArgument.init(parsing:))
  var lingerTimeout = DurationArgument(defaults.connection.lingerTimeout)

  @Option(
    help: .value(
      "duration", "Time that a stopping server gives connections to finish; then it resets them.",
      default: DurationArgument(defaults.drainTimeout)),
    transform: DurationArgument.init(parsing:))
  var drainTimeout = DurationArgument(defaults.drainTimeout)

  @Option(
    help: .value(
      "duration",
      "Time that a new process may take to start at an upgrade in place (SIGUSR2); then it is killed.",
      default: DurationArgument(defaults.upgradeTimeout)),
    transform: DurationArgument.init(parsing:))
  var upgradeTimeout = DurationArgument(defaults.upgradeTimeout)

  func apply(to configuration: inout Configuration) {
    if let idleTimeout { configuration.connection.idleTimeout = idleTimeout.duration }
    if let firstByteTimeout {
      configuration.connection.firstByteTimeout = firstByteTimeout.duration
    }
    configuration.connection.receiveTimeout = receiveTimeout.duration
    configuration.connection.sendTimeout = sendTimeout.duration
    configuration.connection.flushTimeout = flushTimeout.duration
    configuration.connection.lingerTimeout = lingerTimeout.duration
    configuration.drainTimeout = drainTimeout.duration
    configuration.upgradeTimeout = upgradeTimeout.duration
  }
}

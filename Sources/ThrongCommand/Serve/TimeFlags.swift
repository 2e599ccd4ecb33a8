// The flags that say how long the server waits for what. The defaults are the library's.

import ArgumentParser
import Throng

private let defaults = Configuration()

struct TimeFlags: ParsableArguments {
  @Option(
    help: .value(
      "duration", "Closes a connection on which nothing moved for so long, or off.",
      default: "\(TimeLimitArgument(defaults.connection.idleTimeout)), for chat off"),
    transform: TimeLimitArgument.init(parsing:))
  var idleTimeout: TimeLimitArgument?

  @Option(
    help: .value(
      "duration", "Close a connection whose client has sent nothing for this long, or off.",
      default: "\(DurationArgument(HandlerChoice.firstByteTimeout)), for greet and chat off"),
    transform: TimeLimitArgument.init(parsing:))
  var firstByteTimeout: TimeLimitArgument?

  @Option(
    help: .value(
      "duration", "How long one receive may wait, or off.",
      default: TimeLimitArgument(defaults.connection.receiveTimeout)),
    transform: TimeLimitArgument.init(parsing:))
  var receiveTimeout = TimeLimitArgument(defaults.connection.receiveTimeout)

  @Option(
    help: .value(
      "duration", "How long unsent bytes may wait for the client to take some, or off.",
      default: TimeLimitArgument(defaults.connection.sendTimeout)),
    transform: TimeLimitArgument.init(parsing:))
  var sendTimeout = TimeLimitArgument(defaults.connection.sendTimeout)

  @Option(
    help: .value(
      "duration",
      "How long a closing connection waits for the client to take some of what is unsent.",
      default: DurationArgument(defaults.connection.flushTimeout)),
    transform: DurationArgument.init(parsing:))
  var flushTimeout = DurationArgument(defaults.connection.flushTimeout)

  @Option(
    help: .value(
      "duration", "How long a closing connection waits for the client's FIN.",
      default: DurationArgument(defaults.connection.lingerTimeout)),
    transform: DurationArgument.init(parsing:))
  var lingerTimeout = DurationArgument(defaults.connection.lingerTimeout)

  @Option(
    help: .value(
      "duration", "How long a stopping server lets its clients finish.",
      default: DurationArgument(defaults.drainTimeout)),
    transform: DurationArgument.init(parsing:))
  var drainTimeout = DurationArgument(defaults.drainTimeout)

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
  }
}

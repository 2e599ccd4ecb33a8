// The flags that say how much of everything the server allows. The defaults are the library's.

import ArgumentParser
import Throng

private let defaults = Configuration()

struct LimitFlags: ParsableArguments {
  @Option(
    help: .value(
      "n", "Connections the kernel holds until they are accepted.",
      default: defaults.backlog),
    transform: NumberArgument.positive)
  var backlog = defaults.backlog

  @Option(
    help: .value(
      "n", "Pause accepting at this many connections of the whole server.",
      default: defaults.maximumConnections),
    transform: NumberArgument.positive)
  var maxConnections = defaults.maximumConnections

  @Option(
    help: .value(
      "n",
      """
      Refuse further clients of an IPv4 address or an IPv6 /64 that has this many connections, or off.
      """,
      default: NumberLimitArgument(defaults.maximumConnectionsPerAddress)),
    transform: NumberLimitArgument.init(parsing:))
  var maxConnectionsPerAddress = NumberLimitArgument(defaults.maximumConnectionsPerAddress)

  @Option(
    help: .value(
      "n", "Maximum connections accepted per second by the whole server.",
      default: "as many as come"),
    transform: NumberArgument.positive)
  var acceptRate: Int?

  @Option(
    help: .value(
      "n", "Maximum connections accepted per wakeup.",
      default: defaults.acceptBatch),
    transform: NumberArgument.positive)
  var acceptBatch = defaults.acceptBatch

  @Option(
    help: .value(
      "bytes", "Sending waits above so many unsent bytes.",
      default: SizeArgument(defaults.connection.highWaterMark)),
    transform: SizeArgument.init(parsing:))
  var highWaterMark = SizeArgument(defaults.connection.highWaterMark)

  @Option(
    help: .value(
      "bytes", "Sending goes on below so many unsent bytes.",
      default: SizeArgument(defaults.connection.lowWaterMark)),
    transform: SizeArgument.init(parsing:))
  var lowWaterMark = SizeArgument(defaults.connection.lowWaterMark)

  @Option(
    help: .value(
      "bytes", "Unsent bytes that messages from other clients may queue.",
      default: SizeArgument(defaults.connection.slowReaders.outboxLimit)),
    transform: SizeArgument.init(parsing:))
  var outboxLimit = SizeArgument(defaults.connection.slowReaders.outboxLimit)

  @Option(help: ArgumentHelp("What happens at the outbox limit.", valueName: "policy"))
  var onOverflow = defaults.connection.slowReaders.overflow

  @Option(
    help: .value(
      "bytes", "A client above so many unsent bytes is dropped after the grace period.",
      default: "off"),
    transform: SizeArgument.init(parsing:))
  var softOutboxLimit: SizeArgument?

  @Option(
    help: .value(
      "duration", "How long that client may stay above the soft limit.",
      default: DurationArgument(defaults.connection.slowReaders.gracePeriod)),
    transform: DurationArgument.init(parsing:))
  var outboxGrace = DurationArgument(defaults.connection.slowReaders.gracePeriod)

  func validate() throws {
    if lowWaterMark.bytes > highWaterMark.bytes {
      throw ValidationError(
        """
        the low-water mark of \(lowWaterMark) is above the high-water mark of \(highWaterMark) \
        (lower --low-water-mark or raise --high-water-mark)
        """)
    }
  }

  func apply(to configuration: inout Configuration) {
    configuration.backlog = backlog
    configuration.maximumConnections = maxConnections
    configuration.maximumConnectionsPerAddress = maxConnectionsPerAddress.number
    configuration.acceptRate = acceptRate
    configuration.acceptBatch = acceptBatch
    configuration.connection.highWaterMark = highWaterMark.bytes
    configuration.connection.lowWaterMark = lowWaterMark.bytes
    configuration.connection.slowReaders.outboxLimit = outboxLimit.bytes
    configuration.connection.slowReaders.overflow = onOverflow
    configuration.connection.slowReaders.softLimit = softOutboxLimit?.bytes
    configuration.connection.slowReaders.gracePeriod = outboxGrace.duration
  }
}

extension OverflowPolicy: ExpressibleByArgument {}

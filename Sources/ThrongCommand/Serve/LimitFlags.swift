// Flags for the limits of the server and of each connection. The defaults are the library's.

import ArgumentParser
import LinuxSystem
import Throng

private let defaults = Configuration()

struct LimitFlags: ParsableArguments {
  @Option(
    help: .value(
      "n", "Length of the accept queue (listen(2)).",
      default: defaults.backlog),
    transform: NumberArgument.positive)
  var backlog = defaults.backlog

  @Option(
    help: .value(
      "n", "Pause accepting at this number of open connections, over all loops.",
      default: defaults.maximumConnections),
    transform: NumberArgument.positive)
  var maxConnections = defaults.maximumConnections

  @Option(
    help: ArgumentHelp(
      "What clients do that connect while the server is full: wait in the accept queue, or get a reset.",
      valueName: "policy"))
  var whenFull = defaults.whenFull

  @Option(
    help: .value(
      "n",
      """
      Maximum connections of one IPv4 address or one IPv6 /64, or off. Further ones are reset.
      """,
      default: NumberLimitArgument(defaults.maximumConnectionsPerAddress)),
    transform: NumberLimitArgument.init(parsing:))
  var maxConnectionsPerAddress = NumberLimitArgument(defaults.maximumConnectionsPerAddress)

  @Option(
    help: .value(
      "n", "Maximum connections accepted per second, over all loops.",
      default: "off"),
    transform: NumberArgument.positive)
  var acceptRate: Int?

  @Option(
    help: .value(
      "n",
      """
      Maximum connections accepted per second from one IPv4 address or one IPv6 /64. Further ones are \
      reset.
      """,
      default: "off"),
    transform: NumberLimitArgument.init(parsing:))
  var acceptRatePerAddress = NumberLimitArgument(defaults.acceptRatePerAddress)

  @Option(
    help: .value(
      "duration",
      """
      Reset new clients that have waited longer than this to be accepted, once that is so for all clients \
      of 100 ms: the event loop is overloaded.
      """,
      default: "off"),
    transform: TimeLimitArgument.init(parsing:))
  var shedDelay = TimeLimitArgument(defaults.shedDelay)

  @Option(
    help: .value(
      "n", "Maximum connections accepted per wakeup.",
      default: defaults.acceptBatch),
    transform: NumberArgument.positive)
  var acceptBatch = defaults.acceptBatch

  @Option(
    help: .value(
      "bytes", "Suspend sending while more than this is unsent.",
      default: SizeArgument(defaults.connection.highWaterMark)),
    transform: SizeArgument.init(parsing:))
  var highWaterMark = SizeArgument(defaults.connection.highWaterMark)

  @Option(
    help: .value(
      "bytes", "Resume sending when no more than this is unsent.",
      default: SizeArgument(defaults.connection.lowWaterMark)),
    transform: SizeArgument.init(parsing:))
  var lowWaterMark = SizeArgument(defaults.connection.lowWaterMark)

  @Option(
    help: .value(
      "bytes", "Maximum unsent bytes that messages from other clients may queue.",
      default: SizeArgument(defaults.connection.slowReaders.outboxLimit)),
    transform: SizeArgument.init(parsing:))
  var outboxLimit = SizeArgument(defaults.connection.slowReaders.outboxLimit)

  @Option(help: ArgumentHelp("What a message beyond the outbox limit does.", valueName: "policy"))
  var onOverflow = defaults.connection.slowReaders.overflow

  @Option(
    help: .value(
      "bytes",
      "Disconnect a client whose unsent data stays above this size for longer than --outbox-grace.",
      default: "off"),
    transform: SizeArgument.init(parsing:))
  var softOutboxLimit: SizeArgument?

  @Option(
    help: .value(
      "duration", "Time that a client may stay above --soft-outbox-limit.",
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
    configuration.whenFull = whenFull
    configuration.acceptRatePerAddress = acceptRatePerAddress.number
    configuration.shedDelay = shedDelay.duration
    configuration.connection.highWaterMark = highWaterMark.bytes
    configuration.connection.lowWaterMark = lowWaterMark.bytes
    configuration.connection.slowReaders.outboxLimit = outboxLimit.bytes
    configuration.connection.slowReaders.overflow = onOverflow
    configuration.connection.slowReaders.softLimit = softOutboxLimit?.bytes
    configuration.connection.slowReaders.gracePeriod = outboxGrace.duration
  }
}

extension OverflowPolicy: ExpressibleByArgument {}
extension FullServerPolicy: ExpressibleByArgument {}

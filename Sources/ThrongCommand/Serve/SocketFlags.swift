// Flags for the socket options of each connection (tcp(7), socket(7)).

import ArgumentParser
import LinuxSystem
import Throng

private let defaults = ConnectionOptions()

struct SocketFlags: ParsableArguments {
  @Flag(
    inversion: .prefixedNo,
    help: "Let the kernel delay small segments (Nagle's algorithm); --no-delay sets TCP_NODELAY.")
  var delay = !defaults.noDelay

  @Option(
    help: .value(
      "duration", "Send keepalive probes after this idle time, or off (SO_KEEPALIVE).",
      default: "\(DurationArgument(HandlerChoice.vanishedTimeout))"),
    transform: TimeLimitArgument.init(parsing:))
  var keepAlive: TimeLimitArgument?

  @Option(
    help: .value(
      "duration", "Maximum time that sent bytes stay unacknowledged, or off (TCP_USER_TIMEOUT).",
      default: "\(DurationArgument(HandlerChoice.vanishedTimeout))"),
    transform: TimeLimitArgument.init(parsing:))
  var userTimeout: TimeLimitArgument?

  @Option(
    help: .value(
      "bytes", "Send buffer of the kernel (SO_SNDBUF).",
      default: "tuned by the system"),
    transform: SizeArgument.init(parsing:))
  var sendBuffer: SizeArgument?

  @Option(
    help: .value(
      "bytes", "Receive buffer of the kernel (SO_RCVBUF).",
      default: "tuned by the system"),
    transform: SizeArgument.init(parsing:))
  var receiveBuffer: SizeArgument?

  func apply(to options: inout ConnectionOptions) {
    options.noDelay = !delay
    if let keepAlive { options.keepAlive = keepAlive.duration }
    if let userTimeout { options.userTimeout = userTimeout.duration }
    options.sendBufferSize = sendBuffer?.bytes
    options.receiveBufferSize = receiveBuffer?.bytes
  }
}

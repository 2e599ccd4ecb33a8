// The flags that set the kernel's options of each connection (tcp(7), socket(7)).

import ArgumentParser
import Throng

private let defaults = ConnectionOptions()

struct SocketFlags: ParsableArguments {
  @Flag(
    inversion: .prefixedNo,
    help: "Hold small messages back to send them together (--no-delay: TCP_NODELAY).")
  var delay = !defaults.noDelay

  @Option(
    help: .value(
      "duration", "Probes connections that are idle for so long, or off.",
      default:
        "\(TimeLimitArgument(defaults.keepAlive)), for chat \(DurationArgument(HandlerChoice.chatKeepAlive))"
    ),
    transform: TimeLimitArgument.init(parsing:))
  var keepAlive: TimeLimitArgument?

  @Option(
    help: .value(
      "duration", "How long sent bytes may stay unacknowledged.",
      default: "the system's"),
    transform: DurationArgument.init(parsing:))
  var userTimeout: DurationArgument?

  @Option(
    help: .value(
      "bytes", "The kernel's send buffer.",
      default: "the system tunes it"),
    transform: SizeArgument.init(parsing:))
  var sendBuffer: SizeArgument?

  @Option(
    help: .value(
      "bytes", "The kernel's receive buffer.",
      default: "the system tunes it"),
    transform: SizeArgument.init(parsing:))
  var receiveBuffer: SizeArgument?

  func apply(to options: inout ConnectionOptions) {
    options.noDelay = !delay
    if let keepAlive { options.keepAlive = keepAlive.duration }
    options.userTimeout = userTimeout?.duration
    options.sendBufferSize = sendBuffer?.bytes
    options.receiveBufferSize = receiveBuffer?.bytes
  }
}

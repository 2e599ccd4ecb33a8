// `throng serve`: a server with one of the handlers, under one of the models, until it is stopped.

import ArgumentParser
import CEpollShim
import Glibc
import Logging
import Throng
import ThrongHandlers

struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serves clients until SIGINT, SIGTERM or SIGHUP, then drains.",
    discussion: """
      Without flags: greets every client on port 52000 of every address, so also from the network \
      (--host localhost: from this machine only), under the reactor. \
      A second SIGINT or SIGTERM resets the clients that are left.
      """)

  @OptionGroup(title: "Service") var serviceFlags: ServiceFlags
  @OptionGroup(title: "Chat") var chatFlags: ChatFlags
  @OptionGroup(title: "Addresses") var listenFlags: ListenFlags
  @OptionGroup(title: "Limits") var limitFlags: LimitFlags
  @OptionGroup(title: "Times") var timeFlags: TimeFlags
  @OptionGroup(title: "Sockets") var socketFlags: SocketFlags
  @OptionGroup(title: "Log") var logFlags: LogFlags

  func validate() throws {
    guard serviceFlags.handler != .chat, let flag = chatFlags.given.first else { return }
    throw ValidationError(
      "\(flag) has no meaning with --handler \(serviceFlags.handler.rawValue) "
        + "(leave it out, or choose --handler chat)")
  }

  func run() throws {
    logFlags.setQueueLimits()
    LoggingSystem.bootstrap { _ in FlagNamingLog(LineLog(level: logFlags.level)) }
    let log = Logger(label: "throng")
    raiseDescriptorLimit(log)
    var configuration = serverConfiguration
    if !logFlags.quiet {
      let handler = serviceFlags.handler.rawValue
      configuration.started = { Self.announce($0, handler) }
    }
    let server = serviceFlags.handler.server(
      serviceFlags.workload, chatFlags.limits, serviceFlags.model, configuration, log)
    do {
      try server.listen()
      defer { if logFlags.stats { StandardError.write("\(server.metrics)") } }
      try server.run()
    } catch let error as ServerError {
      throw Failure(FlagNames.inserted(in: "\(error)"))
    }
    let count = server.metrics.resetAtStop
    if count > 0 { throw Failure("stopped before every client was done: \(count) were reset") }
  }

  /// What the flags make of the library's defaults.
  var serverConfiguration: Configuration {
    var configuration = Configuration()
    configuration.connection = serviceFlags.handler.connectionDefaults
    serviceFlags.apply(to: &configuration)
    listenFlags.apply(to: &configuration)
    limitFlags.apply(to: &configuration)
    timeFlags.apply(to: &configuration)
    socketFlags.apply(to: &configuration.connection)
    configuration.metricsSignalled = { StandardError.write("\($0)") }
    return configuration
  }

  /// Every client costs a descriptor, and the usual soft limit is 1024.
  private func raiseDescriptorLimit(_ log: Logger) {
    let result = shim_raise_descriptor_limit()
    if result < 0 { log.warning("cannot raise the limit of open descriptors") }
  }

  private static let everyAddress =
    ", every address of this machine: reachable from the network (--host localhost: from here only)"

  /// Once the threads run, so that it says how many there are, and that signals are seen.
  private static func announce(_ server: Server, _ handler: String) {
    for address in server.addresses {
      let line = "listening on \(address) (\(handler), \(server.runningModel))"
      StandardError.write(line + (address.isWildcard ? everyAddress : ""))
    }
  }
}

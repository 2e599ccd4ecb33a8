// `throng serve`: a server with one of the handlers under one of the models, until it is stopped.

import ArgumentParser
import Glibc
import LinuxSystem
import Logging
import Throng
import ThrongExec
import ThrongHandlers

struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serve clients until SIGINT, SIGTERM or SIGHUP, then drain.",
    discussion: """
      Without flags it greets each client on port 52000 of all addresses, under the reactor. Clients \
      on the network can connect; --host localhost restricts it to this machine.

      Draining: the server stops accepting, gives connections --drain-timeout to finish, and resets the \
      rest. A second SIGINT or SIGTERM resets them at once. With TLS, SIGHUP reads the files of the \
      certificates again instead.

      SIGUSR1 prints the counters. SIGUSR2 upgrades in place: the program is started again with the \
      listening sockets, and this process drains once the new one serves. No client is refused.
      """)

  @OptionGroup(title: "Handler and model") var serviceFlags: ServiceFlags
  @OptionGroup(title: "Programs") var execFlags: ExecFlags
  @OptionGroup(title: "Chat") var chatFlags: ChatFlags
  @OptionGroup(title: "Addresses") var listenFlags: ListenFlags
  @OptionGroup(title: "Proxy") var proxyFlags: ProxyFlags
  @OptionGroup(title: "TLS") var tlsFlags: TLSFlags
  @OptionGroup(title: "Limits") var limitFlags: LimitFlags
  @OptionGroup(title: "Time limits") var timeFlags: TimeFlags
  @OptionGroup(title: "Sockets") var socketFlags: SocketFlags
  @OptionGroup(title: "Metrics") var metricsFlags: MetricsFlags
  @OptionGroup(title: "Log") var logFlags: LogFlags

  func validate() throws {
    if execFlags.command != nil { try validateForPrograms() }
    guard serviceFlags.handler != .chat, let flag = chatFlags.given.first else { return }
    throw ValidationError(
      "\(flag) requires --handler chat (the handler is \(serviceFlags.handler.rawValue))")
  }

  private func validateForPrograms() throws {
    let flag = execFlags.flag
    if serviceFlags.handler != .greet {
      throw ValidationError("\(flag) and --handler exclude each other (leave one of them out)")
    }
    if timeFlags.idleTimeout != nil || timeFlags.firstByteTimeout != nil {
      throw ValidationError(
        """
        --idle-timeout and --first-byte-timeout cannot be combined with \(flag): the server does not see \
        what its programs send and receive (limit the time in the program, for example with timeout(1))
        """)
    }
  }

  func run() throws {
    logFlags.setQueueLimits()
    StandardError.format = logFlags.logFormat
    LoggingSystem.bootstrap { _ in FlagNamingLog(LineLog(level: logFlags.level)) }
    let log = Logger(label: "throng")
    raiseDescriptorLimit(log)
    var configuration = serverConfiguration
    do {
      configuration.security = try tlsFlags.security()
    } catch {
      throw Failure("\(error)")
    }
    if !logFlags.quiet {
      let handler = execFlags.command.map { "exec \($0.words[0])" } ?? serviceFlags.handler.rawValue
      configuration.started = { Self.announce($0, handler) }
    }
    let server = try makeServer(configuration, log)
    do {
      try server.listen()
    } catch {
      throw Failure(FlagNames.inserted(in: "\(error)"))
    }
    let page = try metricsFlags.start(observing: server, log)
    if let page, !logFlags.quiet { MetricsFlags.announce(page) }
    defer { page?.stopAndWait() }
    do {
      defer { if logFlags.stats { StandardError.report(.notice, "\(server.metrics)") } }
      try server.run()
    } catch {
      throw Failure(FlagNames.inserted(in: "\(error)"))
    }
    let count = server.metrics.resetAtStop
    if count > 0 { throw Failure("stopped before all connections had finished (reset: \(count))") }
  }

  private func makeServer(_ configuration: Configuration, _ log: Logger) throws -> Server {
    guard let command = execFlags.command else {
      return serviceFlags.handler.server(
        serviceFlags.workload, chatFlags.limits, serviceFlags.model, configuration, log)
    }
    guard command.isExecutable else {
      throw Failure(
        "cannot execute '\(command.words[0])': no such program (check \(execFlags.flag) and PATH)")
    }
    do {
      let handler = try ExecHandler(command, log: log)
      return Server(handler, model: serviceFlags.model, configuration: configuration, log: log)
    } catch {
      throw Failure("cannot watch programs: \(error)")
    }
  }

  /// The library's defaults with the flags applied.
  var serverConfiguration: Configuration {
    var configuration = Configuration()
    configuration.connection =
      execFlags.command == nil
      ? serviceFlags.handler.connectionDefaults : ExecFlags.connectionDefaults
    serviceFlags.apply(to: &configuration)
    listenFlags.apply(to: &configuration)
    proxyFlags.apply(to: &configuration)
    limitFlags.apply(to: &configuration)
    timeFlags.apply(to: &configuration)
    socketFlags.apply(to: &configuration.connection)
    execFlags.apply(to: &configuration)
    configuration.notifiesServiceManager = true
    configuration.metricsSignalled = { StandardError.report(.notice, "\($0)") }
    return configuration
  }

  /// Each connection needs a descriptor, and the usual soft limit is 1024.
  private func raiseDescriptorLimit(_ log: Logger) {
    if ThisProcess.raiseDescriptorLimit() == nil {
      log.warning("cannot raise the limit of open files (ulimit -n)")
    }
  }

  private static let everyAddress =
    ", all addresses: reachable from the network (--host localhost: this machine only)"

  /// Called once the threads run, so that the line gives their number and signals are handled.
  private static func announce(_ server: Server, _ handler: String) {
    for address in server.addresses {
      let security = server.configuration.security == nil ? "" : ", TLS"
      let line = "listening on \(address) (\(handler), \(server.runningModel)\(security))"
      StandardError.report(
        .notice, line + (address.isWildcard ? everyAddress : ""),
        ["address": "\(address)", "handler": "\(handler)", "model": "\(server.runningModel)"])
    }
  }
}

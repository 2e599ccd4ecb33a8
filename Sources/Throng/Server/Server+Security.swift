// TLS of a running server: reloading its files, and what the operator should know about them. Any thread.

extension Server {
  /// Reads the files of ``Configuration/security`` again, validates them and uses them for new connections;
  /// established ones keep theirs. Does nothing without TLS. Blocks on the file system; any thread.
  /// `run()` does the same on SIGHUP.
  /// - Throws: what is wrong with the files; the ones before stay in use then.
  public func reloadTLS() throws {
    guard let security = configuration.security else { return }
    try security.reload()
    log.notice("TLS files reloaded; established connections keep the ones before")
    logSecurityWarnings()
  }

  func reloadOnHangUp() {
    do {
      try reloadTLS()
    } catch {
      log.error("cannot reload the TLS files, so the ones before stay in use: \(error)")
    }
  }

  func logSecurityWarnings() {
    for warning in configuration.security?.context.warnings ?? [] { log.warning("\(warning)") }
  }
}

// For programs that are a server and nothing else.

import Glibc
import LinuxSystem

extension Server {
  /// Serves like `run()`. A server that cannot run is an error of the user or the machine, not of
  /// the program: it is reported in one line on standard error, and the process ends with status 1.
  public func runOrExit() {
    do {
      try run()
    } catch {
      let path = CommandLine.arguments.first ?? ""
      let name = path.split(separator: "/").last.map { "\($0): " } ?? ""
      Descriptor.writeToStandardError("\(name)\(error)\n")
      exit(1)
    }
  }
}

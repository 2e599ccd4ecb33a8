// What the environment says about descriptors that this process was started with: by a service manager
// (LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES, sd_listen_fds(3)), or by the process that it takes over from
// (`upgradeVariable`). A value; `PassedSockets` reads the environment once and removes the variables.

import Glibc

struct StartEnvironment: Equatable, Sendable {
  struct Passed: Equatable, Sendable {
    var descriptor: CInt
    /// Empty for a socket that has no name from a service manager.
    var name: String
    /// Of the server beside the main one, see `Server.start(beside:)`.
    var isCompanions = false
  }

  var passed: [Passed] = []
  /// Where the predecessor waits to hear that this process serves.
  var readiness: CInt?

  /// `PARENT:READINESS:DESCRIPTOR=NAME:...`; `+=` for a socket of the server beside the main one. The parent's
  /// id and not this process's, which the parent does not know before it is started; children of this process
  /// that inherit the variable ignore it.
  static let upgradeVariable = "THRONG_UPGRADE"
  static let serviceManagerVariables = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]

  /// The first descriptor that a service manager passes (SD_LISTEN_FDS_START).
  private static let firstDescriptor: CInt = 3
  /// Not more than a process has in practice; a limit against nonsense.
  private static let mostDescriptors: CInt = 4096

  /// - Parameter variable: the value of an environment variable.
  init(process: pid_t, parent: pid_t, variable: (String) -> String?) {
    readServiceManager(process, variable)
    if let text = variable(Self.upgradeVariable) { readUpgrade(text, parent) }
  }

  private mutating func readServiceManager(_ process: pid_t, _ variable: (String) -> String?) {
    guard variable("LISTEN_PID") == "\(process)",
      let count = variable("LISTEN_FDS").flatMap({ CInt($0) }),
      (1...Self.mostDescriptors).contains(count)
    else { return }
    let names = variable("LISTEN_FDNAMES")?.split(
      separator: ":", omittingEmptySubsequences: false)
    for index in 0..<count {
      let name = names.flatMap { $0.indices.contains(Int(index)) ? String($0[Int(index)]) : nil }
      passed.append(Passed(descriptor: Self.firstDescriptor + index, name: name ?? "unknown"))
    }
  }

  private mutating func readUpgrade(_ text: String, _ parent: pid_t) {
    var parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count >= 2, parts.removeFirst() == "\(parent)",
      let readiness = CInt(parts.removeFirst())
    else { return }
    self.readiness = readiness
    for part in parts {
      let fields = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let isCompanions = fields[0].hasSuffix("+")
      guard fields.count == 2,
        let descriptor = CInt(isCompanions ? fields[0].dropLast() : fields[0])
      else { continue }
      passed.append(
        Passed(descriptor: descriptor, name: String(fields[1]), isCompanions: isCompanions))
    }
  }

  /// The variable's value for a successor of this process.
  static func upgradeValue(process: pid_t, readiness: CInt, _ passed: [Passed]) -> String {
    let sockets = passed.map { ":\($0.descriptor)\($0.isCompanions ? "+" : "")=\($0.name)" }
      .joined()
    return "\(process):\(readiness)\(sockets)"
  }
}

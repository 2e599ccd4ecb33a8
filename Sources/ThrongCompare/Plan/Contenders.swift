// Contenders from the options: ids, labels and commands.

import ThrongReport

extension CompareOptions {
  /// The contenders.
  /// - Parameter threads: for models that can choose.
  /// - Throws: ``CompareError`` for a missing `{port}` or a duplicate name.
  func contenders(threads: Int) throws(CompareError) -> [Contender] {
    var found = models.map { model in
      Contender(
        id: model.rawValue, label: model.label(threads: threads), kind: .model,
        command: Shell.quoted(throng) + Self.serve,
        flags: model.flags(threads: threads))
    }
    for peer in peers {
      guard peer.command.contains("{port}") else {
        throw .noPort(peer: peer.name)
      }
      let id = Self.identifier(peer.name)
      guard !found.contains(where: { $0.id == id }) else {
        throw .duplicate(contender: id)
      }
      found.append(
        Contender(
          id: id, label: peer.name, kind: .peer, command: peer.command, tlsCommand: peer.tlsCommand)
      )
    }
    guard !found.isEmpty else { throw .noContenders }
    return found
  }

  /// The generator has one address, and its idle connections send nothing.
  private static let serve =
    " serve --quiet --host 127.0.0.1 --port {port} --max-connections-per-address off"
    + " --first-byte-timeout off"

  /// A name as part of an id: `C, epoll` becomes `c-epoll`.
  static func identifier(_ name: String) -> String {
    let words = name.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "." || $0 == "_") }
    return words.isEmpty ? "peer" : words.joined(separator: "-")
  }
}

extension Contender {
  /// Why the contender does not support a workload, as a clause; nil if it does. Peers only echo; working
  /// handlers and the chat are Throng's.
  func reasonToOmit(_ workload: Workload) -> String? {
    if kind == .model { return nil }
    guard workload.serverFlags == ["--handler", "echo"] else {
      return "which needs Throng's own handlers"
    }
    return workload.isSecure && tlsCommand == nil ? "because no command with TLS was given" : nil
  }

  func takesPart(in workload: Workload) -> Bool { reasonToOmit(workload) == nil }

  /// Command of the server for a workload. Over TLS it has placeholders for the certificate and the key.
  func command(for workload: Workload) -> String {
    if kind == .peer { return workload.isSecure ? tlsCommand ?? command : command }
    let words = [command] + (flags + workload.serverFlags).map(Shell.quoted)
    let (certificate, key) = ServerCertificate.placeholders
    let secure = ["--tls-certificate", certificate, "--tls-key", key]
    return (words + (workload.isSecure ? secure : [])).joined(separator: " ")
  }
}

package enum Shell {
  /// Quotes a word for a shell if necessary.
  package static func quoted(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: "-_./:,=%+@".utf8.contains(byte)
      }
    }
    if isPlain, !text.isEmpty { return text }
    return "'"
      + text.split(separator: "'", omittingEmptySubsequences: false)
      .joined(separator: "'\\''") + "'"
  }

  package static func line(_ words: [String]) -> String {
    words.map(quoted).joined(separator: " ")
  }
}

// The file of a Unix socket (unix(7)). Another process may replace it while the socket is open.

import CEpollShim
import SystemPackage

package struct SocketFile: Sendable {
  private let path: String
  /// The kernel does not reuse the inode number while the socket that was bound to it is open.
  private let identity: shim_file_identity

  /// The file that the path names now; nil when there is none.
  package init?(path: String) {
    var identity = shim_file_identity()
    guard shim_identify_file(path, &identity) >= 0 else { return nil }
    self.path = path
    self.identity = identity
  }

  /// Does nothing when the path names another file by now.
  package func remove() {
    var now = shim_file_identity()
    guard shim_identify_file(path, &now) >= 0, now.device == identity.device,
      now.inode == identity.inode
    else { return }
    _ = shim_unlink(path)
  }

  package static func isSocket(path: String) -> Bool { shim_is_socket(path) != 0 }

  package static func remove(path: String) { _ = shim_unlink(path) }

  package static func setMode(_ mode: UInt32, path: String) throws(Errno) {
    _ = try check(shim_chmod(path, mode))
  }
}

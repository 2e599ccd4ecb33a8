// The certificate of a comparison over TLS for which none was given: files in memory, which the servers read
// by their paths in /proc. Main thread.

import LinuxSystem
import SystemPackage
import ThrongCompare
import ThrongTLS

final class TemporaryCertificateFiles {
  private let certificate: MemoryFile
  private let key: MemoryFile

  init() throws(Failure) {
    let made: TemporaryCertificate
    do {
      made = try TemporaryCertificate()
    } catch {
      throw Failure("cannot make a certificate: \(error) (give --tls-certificate)")
    }
    do throws(Errno) {
      certificate = try MemoryFile("certificate", content: made.certificate)
      key = try MemoryFile("key", content: made.key)
    } catch {
      throw Failure("cannot keep a certificate in memory: \(error) (give --tls-certificate)")
    }
  }

  /// Valid while this process runs and the value exists.
  var paths: ServerCertificate {
    ServerCertificate(certificatePath: certificate.path, keyPath: key.path, isTemporary: true)
  }

  /// They stay when this process executes the load generator.
  func keepOnExec() {
    certificate.keepOnExec()
    key.keepOnExec()
  }
}

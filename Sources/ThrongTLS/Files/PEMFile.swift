// Reads the files of a configuration: certificates, private keys, revocation lists. Any thread; blocks
// on the file system.

import COpenSSL
import Glibc
import LinuxSystem
import SystemPackage

/// The content of a file, for reading its PEM blocks.
struct PEMFile {
  let path: String
  let content: [UInt8]

  /// Certificates and lists are small; this keeps a wrong path, to a log or a device, out of memory.
  private static let maximumSize = 16 << 20

  init(_ path: String, _ expected: TLSConfigurationError.Content) throws(TLSConfigurationError) {
    self.path = path
    do throws(Errno) {
      let file = try Descriptor.open(path, O_RDONLY | O_CLOEXEC)
      defer { Descriptor.close(file) }
      var bytes: [UInt8] = []
      while bytes.count <= Self.maximumSize {
        guard let part = try Descriptor.read(file, atMost: 65536) else { continue }
        if part.isEmpty { break }
        bytes += part
      }
      content = bytes
    } catch {
      throw .unreadable(path: path, error)
    }
    if content.count > Self.maximumSize { throw .invalid(path: path, expected) }
  }

  /// All certificates, at least one.
  func certificates(_ expected: TLSConfigurationError.Content) throws(TLSConfigurationError)
    -> [Owned]
  {
    try objects(expected, X509_free) { PEM_read_bio_X509($0, nil, nil, nil) }
  }

  /// All revocation lists, at least one.
  func revocationLists() throws(TLSConfigurationError) -> [Owned] {
    try objects(.revocationList, X509_CRL_free) { PEM_read_bio_X509_CRL($0, nil, nil, nil) }
  }

  /// The first private key.
  func privateKey(
    password: (@Sendable (String) -> String?)?
  ) throws(TLSConfigurationError) -> Owned {
    let question = PasswordQuestion(path, password)
    let key = withMemory { memory in
      withExtendedLifetime(question) {
        PEM_read_bio_PrivateKey(
          memory, nil, PasswordQuestion.answer, Unmanaged.passUnretained(question).toOpaque())
      }
    }
    ERR_clear_error()
    if let key { return Owned(key, { EVP_PKEY_free($0) }) }
    switch question.state {
    case .notAsked: throw .invalid(path: path, .privateKey)
    case .noAnswer: throw .passwordMissing(path: path)
    case .answered: throw .passwordWrong(path: path)
    }
  }

  private func objects(
    _ expected: TLSConfigurationError.Content,
    _ free: @escaping @Sendable (OpaquePointer?) -> Void,
    _ read: (OpaquePointer?) -> OpaquePointer?
  ) throws(TLSConfigurationError) -> [Owned] {
    var objects: [Owned] = []
    let isWhole = withMemory { memory in
      while let object = read(memory) { objects.append(Owned(object, free)) }
      // The queue's last error: no further block.
      return LibraryErrors.reason(ERR_peek_last_error()) == PEM_R_NO_START_LINE
    }
    ERR_clear_error()
    guard isWhole, !objects.isEmpty else { throw .invalid(path: path, expected) }
    return objects
  }

  /// Calls the body with a BIO that reads the content.
  private func withMemory<Result>(_ body: (OpaquePointer?) -> Result) -> Result {
    ERR_clear_error()
    return content.withUnsafeBytes { bytes in
      let memory = BIO_new_mem_buf(
        bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1), Int32(bytes.count))
      defer { BIO_free(memory) }
      return body(memory)
    }
  }
}

/// What OpenSSL asks while it reads an encrypted key (pem_password_cb).
private final class PasswordQuestion {
  enum State { case notAsked, noAnswer, answered }

  private(set) var state = State.notAsked
  private let path: String
  private let password: (@Sendable (String) -> String?)?

  init(_ path: String, _ password: (@Sendable (String) -> String?)?) {
    self.path = path
    self.password = password
  }

  static let answer:
    @convention(c) (
      UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?
    ) -> Int32 = { buffer, size, _, question in
      let question = Unmanaged<PasswordQuestion>.fromOpaque(question!).takeUnretainedValue()
      guard let password = question.password?(question.path) else {
        question.state = .noAnswer
        return -1
      }
      question.state = .answered
      let bytes = Array(password.utf8.prefix(Int(size)))
      UnsafeMutableRawBufferPointer(start: buffer, count: Int(size)).copyBytes(from: bytes)
      return Int32(bytes.count)
    }
}

// Why received bytes are not what a protocol expects. A type of its own: `ConnectionError` is returned by
// each send and stays small.

/// What a client has sent is not what the protocol allows. When a handler throws it, the server logs it at
/// level info, and the connection is closed.
public struct InputError: Error, Equatable, Sendable {
  /// What is wrong.
  public enum Reason: Equatable, Sendable {
    /// A line, a frame or a count is longer than the maximum, in bytes.
    case tooLong(maximum: Int)
    /// The input has ended in the middle of a message.
    case truncated
    /// A rule of the protocol is broken, in words for the log. For handlers, and for lengths below 0.
    case malformed(String)
  }

  /// What is wrong.
  public var reason: Reason
  /// Bytes that the client had sent before the message in which the error was found; nil: not known.
  public var offset: Int?

  /// - Parameters:
  ///   - reason: what is wrong.
  ///   - offset: bytes before the message, for example ``Reader/offset``.
  public init(_ reason: Reason, offset: Int? = nil) {
    self.reason = reason
    self.offset = offset
  }
}

extension InputError: CustomStringConvertible {
  /// What is wrong, and after how many bytes.
  public var description: String {
    let place = offset.map { ", after \($0) bytes" } ?? ""
    switch reason {
    case .tooLong(let maximum):
      return "the client sent more than the maximum of \(maximum) bytes\(place)"
    case .truncated: return "the client ended in the middle of a message\(place)"
    case .malformed(let text): return text + place
    }
  }
}

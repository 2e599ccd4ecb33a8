// Times in certificates, lists and responses (ASN1_TIME), against the clock. Any thread.

import COpenSSL
import Glibc

enum CertificateTime {
  static func isPast(_ time: UnsafePointer<ASN1_TIME>?) -> Bool {
    time.map { X509_cmp_current_time($0) < 0 } ?? false
  }

  static func isFuture(_ time: UnsafePointer<ASN1_TIME>?) -> Bool {
    time.map { X509_cmp_current_time($0) > 0 } ?? false
  }

  /// `2026-11-30 12:00:00`, in UTC.
  static func text(_ time: UnsafePointer<ASN1_TIME>?) -> String {
    var parts = tm()
    guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return "an unknown time" }
    let two = { (number: Int32) in number < 10 ? "0\(number)" : "\(number)" }
    return """
      \(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) \
      \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))
      """
  }

  /// Throws unless the clock is between both times.
  static func check(
    from start: UnsafePointer<ASN1_TIME>?, until end: UnsafePointer<ASN1_TIME>?,
    _ path: String, _ content: TLSConfigurationError.Content
  ) throws(TLSConfigurationError) {
    if isPast(end) { throw .expired(path: path, content, at: text(end)) }
    if isFuture(start) { throw .notYetValid(path: path, content, from: text(start)) }
  }
}

// Headers of both versions are read from pieces of any size, and nothing else is taken for one.

import TestSupport
import Testing

@testable import Throng

extension AllTests {
  @Suite struct ProxyHeaders {
    // MARK: Version 1

    @Test(arguments: [
      ("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443", "192.0.2.1:56324", "198.51.100.7:443"),
      ("PROXY TCP4 255.255.255.255 0.0.0.0 65535 0", "255.255.255.255:65535", "0.0.0.0:0"),
      ("PROXY TCP6 2001:db8::1 ::1 1 65535", "[2001:db8::1]:1", "[::1]:65535"),
      ("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 9 10", "192.0.2.1:9", "192.0.2.2:10"),
      (
        "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 1 2",
        "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:1",
        "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:2"
      ),
    ])
    func aLineGivesBothAddresses(_ line: String, _ source: String, _ destination: String) throws {
      let (header, length) = try #require(try parse(Array("\(line)\r\nGET".utf8)))
      #expect(length == line.utf8.count + 2)
      #expect(header.source?.description == source)
      #expect(header.destination?.description == destination)
      #expect(header.command == .proxy && header.fields.isEmpty)
    }

    @Test(arguments: [
      "PROXY UNKNOWN", "PROXY UNKNOWN ffff::1 ffff::1 65535 65535", "PROXY UNKNOWN  x",
    ])
    func anUnknownClientHasNoAddress(_ line: String) throws {
      let (header, _) = try #require(try parse(Array("\(line)\r\n".utf8)))
      #expect(header.source == nil && header.destination == nil)
    }

    static let badLines: [(String, ProxyProtocolError)] = [
      ("GET / HTTP/1.1\r\n", .missing), ("proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n", .missing),
      ("PROXYTCP4 1.2.3.4 1.2.3.4 1 2\r\n", .missing), (" PROXY UNKNOWN\r\n", .missing),
      ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n", .badLine),
      ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\rx", .badLine),
      ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n", .badLine),
      ("PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n", .badLine),
      ("PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n", .badLine),
      ("PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n", .badLine), ("PROXY \r\n", .badLine),
      ("PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n", .badLine),
      ("PROXY UNKNOWNS\r\n", .badLine),
      ("PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n", .badAddress),
      ("PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n", .badAddress),
      ("PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n", .badAddress),
      ("PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n", .badAddress),
      ("PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n", .badAddress),
      ("PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n", .badAddress),
      ("PROXY TCP4 1.2.3.4. 1.2.3.4 1 2\r\n", .badAddress),
      ("PROXY TCP4 ::1 ::1 1 2\r\n", .badAddress), ("PROXY TCP6 1.2.3.4 ::1 1 2\r\n", .badAddress),
      ("PROXY TCP6 ::1%lo ::1 1 2\r\n", .badAddress),
      ("PROXY TCP6 1::2::3 ::1 1 2\r\n", .badAddress),
      ("PROXY UNKNOWN \(String(repeating: "x", count: 92))\r\n", .tooLong(maximum: 107)),
      ("PROXY UNKNOWN \(String(repeating: "x", count: 200))", .tooLong(maximum: 107)),
    ]

    @Test(arguments: badLines)
    func whatIsNotExactlyALineIsAnError(_ line: String, _ error: ProxyProtocolError) {
      #expect(throws: error) { try parse(Array(line.utf8)) }
    }

    @Test func theLongestLineHas107Bytes() throws {
      let line = "PROXY UNKNOWN \(String(repeating: "x", count: 91))\r\n"
      #expect(try parse(Array(line.utf8))?.length == 107)
    }

    // MARK: Version 2

    /// Written by hand from the specification.
    static func binary(
      _ command: UInt8, _ family: UInt8, _ content: [UInt8], length: Int? = nil
    ) -> [UInt8] {
      let length = length ?? content.count
      return Array("\r\n\r\n\0\r\nQUIT\n".utf8)
        + [command, family, UInt8(length >> 8), UInt8(length & 255)] + content
    }
    static let ipv4: [UInt8] = [192, 0, 2, 1, 198, 51, 100, 7, 0xdc, 0x04, 0x01, 0xbb]
    static let ipv6: [UInt8] =
      [0x20, 1, 0xd, 0xb8] + zeros(11) + [1] + zeros(15) + [1] + [0, 80, 1, 0xbb]
    static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
    static func path(_ text: String) -> [UInt8] { text.utf8 + zeros(108 - text.utf8.count) }

    @Test(arguments: [
      (0x11, ipv4, "192.0.2.1:56324", "198.51.100.7:443"),
      (0x21, ipv6, "[2001:db8::1]:80", "[::1]:443"),
      (0x31, path("/run/a") + path("\0b"), "/run/a", "@b"),
    ])
    func aBinaryHeaderGivesBothAddresses(
      _ family: UInt8, _ content: [UInt8], _ source: String, _ destination: String
    ) throws {
      let bytes = Self.binary(0x21, family, content)
      let (header, length) = try #require(try parse(bytes + Array("GET".utf8)))
      #expect(length == bytes.count)
      #expect(header.source?.description == source)
      #expect(header.destination?.description == destination)
    }

    /// A LOCAL header is skipped whatever it contains: a load balancer's health check must get through.
    @Test(arguments: [
      (0x20, 0x00, []), (0x20, 0x11, ipv4), (0x20, 0xff, [1, 2, 3]), (0x21, 0x00, []),
    ])
    func withoutAClientThereAreNoAddresses(
      _ command: UInt8, _ family: UInt8, _ content: [UInt8]
    ) throws {
      let (header, length) = try #require(try parse(Self.binary(command, family, content)))
      #expect(length == 16 + content.count)
      #expect(header.source == nil && header.destination == nil)
      #expect(header.command == (command == 0x20 ? .local : .proxy))
    }

    static let badHeaders: [([UInt8], ProxyProtocolError)] = [
      (binary(0x11, 0x11, ipv4), .unsupported), (binary(0x22, 0x11, ipv4), .unsupported),
      (binary(0x21, 0x12, ipv4), .unsupported), (binary(0x21, 0x41, ipv4), .unsupported),
      (binary(0x21, 0x11, ipv4.dropLast()), .badLength), (binary(0x21, 0x21, ipv4), .badLength),
      (binary(0x21, 0x31, zeros(215)), .badLength),
      (binary(0x21, 0x11, ipv4 + [1]), .badLength),
      (binary(0x21, 0x11, ipv4 + [1, 0]), .badLength),
      (binary(0x21, 0x11, ipv4 + [1, 0, 2, 65]), .badLength),
      (binary(0x21, 0x11, ipv4 + [3, 0, 3, 1, 2, 3]), .badLength),
      (binary(0x21, 0x11, ipv4 + [3, 0, 4, 0, 0, 0, 0]), .badChecksum),
      (binary(0x21, 0x00, [3, 0, 4, 0, 0, 0, 0]), .badChecksum),
      (binary(0x21, 0x11, ipv4 + [5, 0, 129] + zeros(129)), .badLength),
      (binary(0x21, 0x11, ipv4 + [0x20, 0, 4] + zeros(4)), .badLength),
      (binary(0x21, 0x11, ipv4 + [0x20, 0, 7] + zeros(5) + [0x21, 0]), .badLength),
      (binary(0x21, 0x11, [], length: 4081), .tooLong(maximum: 4096)),
      (Array("\r\n\r\n\0\r\nQUIT\r".utf8), .missing),
    ]

    @Test(arguments: badHeaders)
    func aBrokenHeaderIsAnError(_ bytes: [UInt8], _ error: ProxyProtocolError) {
      #expect(throws: error) { try parse(bytes) }
    }

    @Test func theLongestHeaderHas4096Bytes() throws {
      let padding = [4, UInt8(4065 >> 8), UInt8(4065 & 255)] + Self.zeros(4065)
      let bytes = Self.binary(0x21, 0x11, Self.ipv4 + padding)
      #expect(try parse(bytes)?.length == 4096)
    }

    @Test func fieldsAreReadByTheirTypes() throws {
      let fields: [[UInt8]] = [
        [1, 0, 2] + "h2".utf8, [2, 0, 11] + "example.org".utf8, [4, 0, 1, 9], [5, 0, 2, 7, 8],
        [0x20, 0, 20, 7, 0, 0, 0, 0] + [0x21, 0, 7] + "TLSv1.3".utf8 + [0x22, 0, 2] + "me".utf8,
        [0xea, 0, 1, 1],
      ]
      let bytes = Self.binary(0x21, 0x11, Self.ipv4 + fields.joined())
      let (header, _) = try #require(try parse(bytes))
      #expect(header.applicationProtocol == "h2" && header.authority == "example.org")
      #expect(header.uniqueID == [7, 8] && header.value(ofType: 0xea) == [1])
      var tls = ProxyHeader.TLS(isEncrypted: true, hasCertificate: true, isVerified: true)
      tls.version = "TLSv1.3"
      tls.commonName = "me"
      #expect(header.tls == tls)
      // Padding says nothing.
      #expect(header.fields.count == 5)
    }

    /// The field "verify" is also 0 where no certificate was asked for.
    @Test func withoutACertificateNothingIsVerified() throws {
      let bytes = Self.binary(0x21, 0x11, Self.ipv4 + [0x20, 0, 5, 1, 0, 0, 0, 0])
      let tls = try #require(try parse(bytes)?.header.tls)
      #expect(tls.isEncrypted && !tls.hasCertificate && !tls.isVerified)
    }

    @Test func theChecksumIsCastagnolis() {
      #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xe306_9283)
    }

    private func parse(
      _ bytes: [UInt8]
    ) throws(ProxyProtocolError) -> (header: ProxyHeader, length: Int)? {
      try ProxyHeader.parse(bytes[...])
    }
  }
}

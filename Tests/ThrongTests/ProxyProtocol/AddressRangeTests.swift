// A list of trusted proxies names exactly the addresses that it seems to name.

import Testing

@testable import Throng

extension AllTests {
  @Suite struct AddressRanges {
    @Test(arguments: [
      ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false),
      ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false),
      ("192.0.2.128/25", "192.0.2.127", false), ("192.0.2.128/25", "192.0.2.255", true),
      ("0.0.0.0/0", "198.51.100.1", true), ("0.0.0.0/0", "::1", false),
      ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("10.0.0.0/8", "::ffff:11.1.2.3", false),
      ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::", false),
      ("2001:db8::/65", "2001:db8::7fff:0:0:1", true),
      ("2001:db8::/65", "2001:db8::8000:0:0:1", false),
      ("::/0", "2001:db8::", true), ("::1", "::1", true), ("::1", "::2", false),
    ])
    func aBlockContainsWhatItsPrefixSays(
      _ text: String, _ host: String, _ isInside: Bool
    ) throws {
      let address = try SocketAddress.resolve(host: host, port: 1)[0]
      #expect(try AddressRange(text).contains(address) == isInside)
    }

    @Test func clientsOfUnixSocketsAreABlockOfTheirOwn() throws {
      let address = try SocketAddress.unix(path: "/run/x")
      #expect(try AddressRange("unix").contains(address))
      #expect(try !AddressRange("0.0.0.0/0").contains(address))
      #expect(try !AddressRange.unix.contains(SocketAddress.resolve(host: "::1", port: 1)[0]))
    }

    /// `10.0.0.1/8` may be meant as `10.0.0.1` or as `10.0.0.0/8`.
    @Test(arguments: [
      "", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/", "10.0.0/8", "/8", "10.0.0.0/8/8",
      "2001:db8::1/32", "::/129", "localhost", "10.0.0.0/-1", " 10.0.0.0/8", "fe80::%lo/64",
    ])
    func anAmbiguousBlockIsRefused(_ text: String) {
      #expect(throws: AddressError.badRange(text)) { try AddressRange(text) }
    }
  }
}

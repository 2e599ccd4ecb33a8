// Addresses survive their trip through the kernel's form, and are shown as a person would write them.

import CEpollShim
import Testing

@testable import Throng

extension AllTests {
  @Suite struct SocketAddresses {
    private func roundTrip(_ address: SocketAddress) -> SocketAddress? {
      address.withKernelForm { SocketAddress(decoding: $0, length: $1) }
    }

    @Test(arguments: [
      ("127.0.0.1", 52000, "127.0.0.1:52000"), ("0.0.0.0", 0, "0.0.0.0:0"),
      ("255.254.253.252", 65535, "255.254.253.252:65535"), ("::1", 80, "[::1]:80"),
      ("::", 1, "[::]:1"), ("2001:db8::ff00:42:8329", 443, "[2001:db8::ff00:42:8329]:443"),
      ("::ffff:192.0.2.7", 9, "192.0.2.7:9"),
    ])
    func numericAddressesAreReadAndShown(_ host: String, _ port: Int, _ text: String) throws {
      let found = try SocketAddress.resolve(host: host, port: port)
      #expect(found.count == 1)
      #expect(found[0].description == text)
      #expect(found[0].port == port)
      #expect(roundTrip(found[0]) == found[0])
    }

    @Test(arguments: [
      "/run/throng.sock", "relative", "@abstract", String(repeating: "p", count: 107),
    ])
    func unixPathsAreReadAndShown(_ path: String) throws {
      let address = try SocketAddress.unix(path: path)
      #expect(address.description == path)
      #expect(address.port == nil)
      #expect(roundTrip(address) == address)
    }

    /// A structure has the alignment of its largest member, which need not be that of what is read.
    @Test(arguments: 0..<8, ["2001:db8::ff00:42:8329", "192.0.2.7"])
    func addressesAreReadFromAnyPlaceInMemory(_ offset: Int, _ host: String) throws {
      let address = try SocketAddress.resolve(host: host, port: 443)[0]
      let read = address.withKernelForm { source, length in
        withUnsafeTemporaryAllocation(byteCount: 256, alignment: 16) { memory in
          let start = memory.baseAddress! + offset
          start.copyMemory(from: source, byteCount: Int(length))
          return SocketAddress(
            decoding: UnsafeRawPointer(start).assumingMemoryBound(to: sockaddr_storage.self),
            length: length)
        }
      }
      #expect(read == address)
    }

    @Test(arguments: ["", String(repeating: "p", count: 108), "a\0b"])
    func pathsThatTheKernelWouldCutAreRefused(_ path: String) {
      #expect(throws: AddressError.badUnixPath(path)) { try SocketAddress.unix(path: path) }
    }

    @Test(arguments: [-1, 65536]) func portsOutOfRangeAreRefused(_ port: Int) {
      #expect(throws: AddressError.portOutOfRange(port)) {
        try SocketAddress.resolve(host: "127.0.0.1", port: port)
      }
    }

    @Test func aPeerWithoutANameIsSaidSo() {
      #expect(SocketAddress(.unix("")).description == "unix socket without a name")
      #expect(SocketAddress.from { _, _ in -1 } == nil)
    }

    @Test func everyAddressIsOnePlanForBothVersions() throws {
      let plans = try ListenPlan.plans(for: [.anyAddress(port: 1)], sharing: .none)
      #expect(plans.count == 1)
      #expect(plans[0].isDualStack && plans[0].address.isWildcardIPv6)
      #expect(plans[0].place == "port 1")
    }

    /// `::` and `0.0.0.0` on one port would collide if the former took IPv4 as well.
    @Test func theAnyAddressesOfBothVersionsDoNotCollide() throws {
      let endpoints: [ListenerConfiguration] = [.host("::", port: 1), .host("0.0.0.0", port: 1)]
      let plans = try ListenPlan.plans(for: endpoints, sharing: .first)
      #expect(plans.count == 2)
      #expect(plans.allSatisfy { !$0.isDualStack && $0.sharing == .first })
      let alone = try ListenPlan.plans(for: [endpoints[0]], sharing: .none)
      #expect(alone[0].isDualStack)
    }

    @Test func anAbstractNameHasNoFileToRemove() throws {
      let endpoints: [ListenerConfiguration] = [
        .unix(path: "@name"), .unix(path: "/tmp/x", mode: 0o600),
      ]
      let plans = try ListenPlan.plans(for: endpoints, sharing: .none)
      #expect(plans.map(\.unixPath) == [nil, "/tmp/x"])
      #expect(plans.allSatisfy { $0.isUnix })
      #expect(plans[1].mode == 0o600)
    }
  }
}

// What counts as one address, when the rate lets a client in, and which errors concern one client.

import LinuxSystem
import SystemPackage
import Testing

@testable import Throng

@Suite struct AdmissionUnitTests {
  private func time(_ milliseconds: Int) -> MonotonicTime {
    MonotonicTime(nanoseconds: UInt64(milliseconds) * 1_000_000)
  }

  @Test func clientsThatComeEvenlyBelowTheRateNeverWait() {
    var bucket = TokenBucket(rate: 10, now: time(0))
    for index in 0..<1000 {
      // As late as a busy loop takes some of them.
      let delay = index % 3 == 0 ? 90 : 0
      #expect(bucket.take(time(index * 101 + delay)) == nil)
    }
  }

  @Test func theRateHoldsForACrowd() {
    var bucket = TokenBucket(rate: 10, now: time(0))
    var now = time(0)
    var accepted = 0
    while now < time(10_000) {
      if let next = bucket.take(now) {
        #expect(next > now)
        now = next
      } else {
        accepted += 1
      }
    }
    #expect((100...102).contains(accepted), "\(accepted)")
  }

  @Test func lookingForAClientInAnEmptyQueueCostsNothingOfTheRate() {
    let admission = AdmissionControl(.init(rate: 1), now: time(0))
    for _ in 0..<10 {
      guard case .granted = admission.reserve(waiter: nil, now: time(0)) else {
        return #expect(Bool(false), "the rate was used up")
      }
      _ = admission.cancelReservation()
    }
  }

  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"),
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"), ("::1", "::"), ("fe80::1:2", "fe80::1:2"),
  ])
  func anIPv6AddressCountsWithItsNetwork(_ address: String, _ counted: String) throws {
    let client = try SocketAddress.resolve(host: address, port: 4711)[0]
    #expect(client.countedAddress == (try SocketAddress.resolve(host: counted, port: 0)[0]))
  }

  @Test func clientsOfAUnixSocketHaveNoAddressToCount() throws {
    #expect(try SocketAddress.unix(path: "/tmp/x").countedAddress == nil)
  }

  @Test func theRemedyIsThatOfTheError() {
    let cases: [(Errno, String)] = [
      (.tooManyOpenFiles, "ulimit -n"), (.tooManyOpenFilesInSystem, "fs.file-max"),
      (.noSpace, "fs.epoll.max_user_watches"), (.noMemory, "memory"), (.noBufferSpace, "memory"),
    ]
    for (error, remedy) in cases {
      #expect(error.isExhaustion)
      #expect("\(AdmissionEvent.exhausted(Exhaustion(error), error))".contains(remedy))
    }
  }
}

// When a client is refused because clients wait too long, and how fast one address may connect.

import LinuxSystem
import Testing

@testable import Throng

@Suite struct OverloadTests {
  private func time(_ milliseconds: Int) -> MonotonicTime {
    MonotonicTime(nanoseconds: UInt64(milliseconds) * 1_000_000)
  }

  /// The decisions about clients that come every 10 ms and have waited so long.
  private func decisions(_ shedder: inout LoadShedder, from start: Int, delays: [Int]) -> [Bool] {
    delays.enumerated().map { index, delay in
      shedder.refuses(delay: .milliseconds(delay), now: time(start + index * 10))
    }
  }

  @Test func clientsAreRefusedOnceAllHaveWaitedTooLongForAWhile() {
    var shedder = LoadShedder(target: .milliseconds(5))
    let found = decisions(&shedder, from: 1000, delays: Array(repeating: 20, count: 15))
    #expect(found == Array(repeating: false, count: 10) + Array(repeating: true, count: 5))
  }

  /// A client that had not waited ended the overload, and clients waited ever longer for the next 100 ms.
  @Test func whileOverloadedOnlyClientsThatHaveComeLatelyAreServed() {
    var shedder = LoadShedder(target: .milliseconds(5))
    _ = decisions(&shedder, from: 1000, delays: Array(repeating: 20, count: 15))
    let found = decisions(&shedder, from: 1150, delays: [20, 5, 20, 4, 6, 3])
    #expect(found == [true, false, true, false, true, false])
  }

  /// More clients come within the resolution of the kernel's clock than can be served in that time.
  @Test func whileOverloadedATurnThatTakesLongAdmitsFewer() {
    var shedder = LoadShedder(target: .milliseconds(5))
    _ = decisions(&shedder, from: 1000, delays: Array(repeating: 20, count: 12))
    // Turns of 2 ms for each client that was admitted in the turn before.
    var (now, admitted) = (1120, 0)
    for _ in 0..<50 {
      shedder.beginTurn(now: time(now))
      let found = ([20] + Array(repeating: 0, count: 30)).map {
        shedder.refuses(delay: .milliseconds($0), now: time(now))
      }
      admitted = found.count { !$0 }
      now += 2 * admitted
    }
    #expect((3...7).contains(admitted), "\(admitted)")
    // The overload is over: all are.
    now += 100
    shedder.beginTurn(now: time(now))
    _ = shedder.refuses(delay: .zero, now: time(now))
    shedder.beginTurn(now: time(now + 1))
    #expect(
      !decisions(&shedder, from: now + 1, delays: Array(repeating: 0, count: 30)).contains(true))
  }

  @Test func aTimeWithoutLongWaitsEndsTheOverload() {
    var shedder = LoadShedder(target: .milliseconds(5))
    _ = decisions(&shedder, from: 1000, delays: Array(repeating: 20, count: 15))
    let rest = decisions(&shedder, from: 1150, delays: Array(repeating: 5, count: 11))
    #expect(!rest.contains(true))
    #expect(decisions(&shedder, from: 1260, delays: [20, 20]) == [false, false])
  }

  @Test func aBurstRefusesNoClient() {
    var shedder = LoadShedder(target: .milliseconds(5))
    for round in 0..<100 {
      let found = decisions(
        &shedder, from: round * 100, delays: [90, 80, 70, 60, 50, 40, 30, 20, 3])
      #expect(!found.contains(true))
    }
  }

  @Test func aQuietTimeEndsTheOverload() {
    var shedder = LoadShedder(target: .milliseconds(5))
    _ = decisions(&shedder, from: 1000, delays: Array(repeating: 20, count: 15))
    #expect(decisions(&shedder, from: 2200, delays: [20, 20]) == [false, false])
  }

  /// All clients come back while the loop is busy with them, longer than it remembers.
  @Test func aTurnLongerThanTheMemoryDoesNotHideTheOverload() {
    var shedder = LoadShedder(target: .milliseconds(5))
    let found = (0..<3).map { turn in
      shedder.refuses(delay: .milliseconds(1500), now: time(10_000 + 1600 * turn))
    }
    #expect(found == [false, true, true])
  }

  /// A loop that is behind accepts all clients of a turn at once.
  @Test func anEmptyQueueAfterEachTurnIsNoSignOfRest() {
    var shedder = LoadShedder(target: .milliseconds(5))
    var found: [Bool] = []
    for turn in 0..<5 {
      found += decisions(&shedder, from: 1000 + turn * 50, delays: [40, 30, 20])
      shedder.noteEmptyQueue()
    }
    #expect(found.prefix(6).allSatisfy { !$0 } && found.suffix(6).allSatisfy { $0 })
  }

  /// Clients have waited at a limit on connections, which is not the loop's delay.
  @Test func waitingWhileAcceptingIsPausedDoesNotCount() {
    var shedder = LoadShedder(target: .milliseconds(5))
    shedder.suspend()
    let delays = Array(repeating: 20, count: 30)
    #expect(!decisions(&shedder, from: 1000, delays: delays).contains(true))
    shedder.noteEmptyQueue()
    #expect(decisions(&shedder, from: 2000, delays: delays).contains(true))
  }

  private func address(_ number: UInt32) -> SocketAddress {
    SocketAddress(.ipv4(address: number, port: 0))
  }

  @Test func eachAddressHasItsOwnRate() {
    var rates = AddressRates(rate: 5, now: time(0))
    for number in 0..<10 as Range<UInt32> {
      let found = (0..<7).map { _ in rates.allows(address(number), now: time(0)) }
      #expect(found == [true, true, true, true, true, false, false])
    }
    let later = (0..<3).map { _ in rates.allows(address(3), now: time(400)) }
    #expect(later == [true, true, false])
  }

  /// A client with very many addresses makes others start anew, and that is all.
  @Test func manyAddressesTakeNoMoreMemory() {
    var rates = AddressRates(rate: 1, now: time(0))
    for number in 1...100_000 as ClosedRange<UInt32> {
      _ = rates.allows(address(number), now: time(Int(number)))
    }
    let places = AddressRates.sets * AddressRates.ways
    let recent = (99_900...100_000).filter { !rates.allows(address($0), now: time(100_000)) }
    #expect(places == 4096)
    #expect(recent.count >= 90, "\(recent.count) of the last 101 are remembered")
  }
}

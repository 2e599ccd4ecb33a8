// Headers cut at every byte, and headers with random changes: the verdict on a connection's first bytes
// never changes when more arrive, and what is written is read back.

import TestSupport
import Testing

@testable import Throng

extension AllTests {
  @Suite struct ProxyHeaderFuzz {
    /// What the parser says about some bytes.
    private enum Verdict: Equatable {
      case needsMore
      case header(ProxyHeader, Int)
      case failure(ProxyProtocolError)

      init(_ bytes: ArraySlice<UInt8>) {
        do throws(ProxyProtocolError) {
          self = try ProxyHeader.parse(bytes).map { .header($0.header, $0.length) } ?? .needsMore
        } catch {
          self = .failure(error)
        }
      }
    }

    /// Looks at each prefix of the bytes, in a slice that does not begin at 0.
    private func expectOneVerdict(_ bytes: [UInt8], _ note: String) {
      let shifted = [0xff] + bytes
      var last = Verdict.needsMore
      for end in 1...shifted.count {
        let verdict = Verdict(shifted[1..<end])
        if case .header(_, let length) = verdict {
          #expect(length <= end - 1, "\(note), \(end - 1) of \(bytes)")
          if last == .needsMore {
            #expect(length == end - 1, "asked for bytes after the header: \(note), \(bytes)")
          }
        }
        if last != .needsMore { #expect(verdict == last, "\(note), \(end - 1) of \(bytes)") }
        last = verdict
      }
    }

    @Test func aHeaderThatArrivesByteByByteIsReadAtItsEnd() throws {
      let seed = UInt64.random(in: 0...(.max))
      var random = SeededGenerator(seed: seed)
      for _ in 0..<200 {
        let header = Self.header(&random)
        let bytes = try header.encoded()
        #expect(Verdict(bytes[...]) == .header(header, bytes.count), "seed \(seed): \(header)")
        expectOneVerdict(bytes + Array("rest".utf8), "seed \(seed)")
      }
      for (line, _) in ProxyHeaders.badLines { expectOneVerdict(Array(line.utf8), line) }
      for (bytes, error) in ProxyHeaders.badHeaders { expectOneVerdict(bytes, "\(error)") }
      expectOneVerdict(Array("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\nrest".utf8), "line")
    }

    @Test func aChangedAddressOrChecksumIsFound() throws {
      let seed = UInt64.random(in: 0...(.max))
      var random = SeededGenerator(seed: seed)
      for _ in 0..<2000 {
        let header = Self.header(&random)
        guard header.source != nil else { continue }
        var bytes = try header.encoded()
        let places = Array(16..<28) + Array(bytes.count - 4..<bytes.count)
        let index = places.randomElement(using: &random)!
        bytes[index] ^= UInt8.random(in: 1...255, using: &random)
        #expect(Verdict(bytes[...]) == .failure(.badChecksum), "seed \(seed): \(bytes)")
      }
    }

    @Test func randomChangesNeverChangeAVerdictThatWasGiven() throws {
      let seed = UInt64.random(in: 0...(.max))
      var random = SeededGenerator(seed: seed)
      let lines = ProxyHeaders.badLines.map { Array($0.0.utf8) }
      for round in 0..<1500 {
        var bytes =
          round.isMultiple(of: 3)
          ? lines.randomElement(using: &random)! : try Self.header(&random).encoded()
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
          let index = Int.random(in: 0..<min(bytes.count, 40), using: &random)
          switch Int.random(in: 0..<3, using: &random) {
          case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
          case 1: bytes.remove(at: index)
          default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
          }
        }
        expectOneVerdict(bytes, "seed \(seed)")
      }
    }

    private static func header(_ random: inout SeededGenerator) -> ProxyHeader {
      var fields: [ProxyHeader.Field] = []
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        let value = (0..<Int.random(in: 0...40, using: &random)).map { _ in
          UInt8.random(in: 0...255, using: &random)
        }
        fields.append(
          ProxyHeader.Field(type: .random(in: 0xe0...0xff, using: &random), value: value))
      }
      let number = { (random: inout SeededGenerator) in
        UInt64.random(in: 0...(.max), using: &random)
      }
      switch Int.random(in: 0..<4, using: &random) {
      case 0: return .local
      case 1:
        let addresses = (0..<2).map { _ in
          SocketAddress(
            .ipv4(
              address: UInt32(truncatingIfNeeded: number(&random)),
              port: UInt16(truncatingIfNeeded: number(&random))))
        }
        return ProxyHeader(source: addresses[0], destination: addresses[1], fields: fields)
      case 2:
        let addresses = (0..<2).map { _ in
          SocketAddress(
            .ipv6(
              high: number(&random), low: number(&random), scope: 0,
              port: UInt16(truncatingIfNeeded: number(&random))))
        }
        return ProxyHeader(source: addresses[0], destination: addresses[1], fields: fields)
      default:
        return ProxyHeader(
          source: SocketAddress(.unix("/run/\(number(&random))")),
          destination: SocketAddress(.unix("@\(number(&random))")), fields: fields)
      }
    }
  }
}

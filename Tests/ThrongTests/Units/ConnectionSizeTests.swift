// What a connection takes in memory, and that nothing is lost in its compact forms.

import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@testable import Throng

extension AllTests {
  @Suite struct ConnectionSizeTests {
    /// malloc(3) adds 8 bytes and rounds up to 16: this is a block of 176 bytes.
    @Test func aConnectionTakesNoMoreThan168Bytes() {
      #expect(instanceSize(of: NonBlockingConnection.self) <= 168)
    }

    /// All of it is prefetched for a broadcast.
    @Test func aConnectionFitsInThreeCacheLines() {
      #expect(instanceSize(of: NonBlockingConnection.self) <= Connection.prefetched)
    }

    /// A block of 64 bytes.
    @Test func aBacklogTakesNoMoreThan56Bytes() {
      #expect(MemoryLayout<SendBacklog.Contents>.size <= 56)
    }

    @Test func aSlotOfALoopTakesEightBytes() {
      #expect(MemoryLayout<RegistrationTable.Slot>.stride == 8)
    }

    @Test func aFailureIsKeptWithAllThatItSays() {
      let alert = SecurityFailure.Alert(rawValue: 255)
      let errors: [ConnectionError] = [
        .closed, .truncated, .alreadyReceiving, .lost(.connectionReset),
        .lost(Errno(rawValue: 4095)),
        .timedOut(.idle), .timedOut(.firstByte), .outboxFull(limit: 0), .tooSlow(limit: 1 << 40),
        .security(SecurityFailure(.internalError, alert: alert)),
        .security(SecurityFailure(.notTLS)),
      ]
      for error in errors { #expect(CompactFailure(error).error == error) }
    }

    @Test func aTimeIsKeptToWithin66Microseconds() {
      for nanoseconds in [0, 1, 0xffff, 0x10000, 1 << 50, .max - 0x10000] as [UInt64] {
        let kept = MonotonicTime(nanoseconds: nanoseconds).rounded
        #expect(kept.nanoseconds - nanoseconds < 66_000)
        #expect(kept != .never && kept.rounded == kept)
      }
      #expect(MonotonicTime.never.rounded == .never)
      #expect(MonotonicTime.unset.rounded != .never)
    }

    @Test(
      arguments: [
        .ipv4(address: 0, port: 0), .ipv4(address: .max, port: .max),
        .ipv6(high: 0, low: 0xffff << 32, scope: 0, port: 0),
        .ipv6(high: 0, low: 0xffff << 32 | 0xffff_ffff, scope: 0, port: .max),
        .ipv6(high: 0, low: 0xffff << 32 | 1, scope: 1, port: 1),
        .ipv6(high: .max, low: 0xffff << 32 | 1, scope: 0, port: 1),
        .ipv6(high: 0, low: 1, scope: 0, port: 1), .unix("/run/client"), .unix(""),
      ] as [SocketAddress.Storage])
    func anOriginKeepsItsAddress(storage: SocketAddress.Storage) {
      let address = SocketAddress(storage)
      let origin = ConnectionOrigin(address)
      #expect(origin.peer == address && origin.client == address && origin.counted == address)
      #expect(MemoryLayout<ConnectionOrigin>.size == 8)
    }

    /// Of the runtime: what `UnsafeContinuation.task` relies on.
    @Test func aContinuationIsThePointerToItsTask() async throws {
      for _ in 0..<3 {
        let isItsTask = await Task {
          let id = CurrentTask.id
          var isSame = false
          let _: Bytes? = try await withUnsafeThrowingContinuation {
            isSame = ReadWaiter($0, 1).task == id
            $0.resume(returning: nil)
          }
          try await withUnsafeThrowingContinuation {
            isSame = isSame && WriteWaiter(continuation: $0).task == id
            $0.resume()
          }
          return isSame
        }.result
        #expect(try isItsTask.get())
      }
    }

    /// Of the runtime: what `NonBlockingConnection.handlersTask` relies on.
    @Test func aTaskIsThePointerToItself() async {
      let task = Task { CurrentTask.id }
      #expect(unsafeBitCast(task, to: UInt.self) == (await task.value))
    }
  }
}

/// Of the runtime: the bytes of an instance.
@_silgen_name("$ss36_class_getInstancePositiveExtentSizeySiyXlXpF")
private func instanceSize(of type: AnyClass) -> Int

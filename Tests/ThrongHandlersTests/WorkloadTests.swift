// What a workload takes from its thread: processor time, or time alone.

import LinuxSystem
import Testing

@testable import ThrongHandlers

@Suite struct WorkloadTests {
  private func cost(_ workload: Workload) -> (cpu: Duration, time: Duration) {
    let before = Workload.threadTime
    let time = ContinuousClock().measure { workload.perform() }
    return (.nanoseconds(Int64(Workload.threadTime - before)), time)
  }

  @Test func workTakesTheProcessorForItsTime() {
    for work in [Duration.microseconds(50), .milliseconds(2), .milliseconds(10)] {
      let workload = Workload(work: work)
      // The least of several: others may have slowed the processor.
      let least = (0..<20).map { _ in cost(workload).cpu }.min() ?? .zero
      #expect(least >= work && least < work * 2)
    }
  }

  @Test func blockingTakesTimeAndNoProcessor() {
    let (cpu, time) = cost(Workload(block: .milliseconds(50)))
    #expect(time >= .milliseconds(50))
    #expect(cpu < .milliseconds(10))
  }

  @Test func bothAddUp() {
    let (cpu, time) = cost(Workload(work: .milliseconds(20), block: .milliseconds(30)))
    #expect(cpu >= .milliseconds(20) && time >= .milliseconds(50))
  }

  @Test func nothingToDoIsEmpty() {
    #expect(Workload().isEmpty && Workload(work: .seconds(-1)).isEmpty)
    #expect(!Workload(work: .microseconds(1)).isEmpty && !Workload(block: .seconds(1)).isEmpty)
  }
}

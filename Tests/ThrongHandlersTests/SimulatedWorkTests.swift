// What a workload takes from its thread: processor time, or time alone.

import LinuxSystem
import Testing

@testable import ThrongHandlers

@Suite struct SimulatedWorkTests {
  private func cost(_ workload: SimulatedWork) -> (cpu: Duration, time: Duration) {
    let before = SimulatedWork.threadTime
    let time = ContinuousClock().measure { workload.perform() }
    return (.nanoseconds(Int64(SimulatedWork.threadTime - before)), time)
  }

  @Test func workTakesTheProcessorForItsTime() {
    for work in [Duration.microseconds(50), .milliseconds(2), .milliseconds(10)] {
      let workload = SimulatedWork(work: work)
      // The least of several: others may have slowed the processor.
      let least = (0..<20).map { _ in cost(workload).cpu }.min() ?? .zero
      #expect(least >= work && least < work * 2)
    }
  }

  @Test func blockingTakesTimeAndNoProcessor() {
    let (cpu, time) = cost(SimulatedWork(block: .milliseconds(50)))
    #expect(time >= .milliseconds(50))
    #expect(cpu < .milliseconds(10))
  }

  @Test func bothAddUp() {
    let (cpu, time) = cost(SimulatedWork(work: .milliseconds(20), block: .milliseconds(30)))
    #expect(cpu >= .milliseconds(20) && time >= .milliseconds(50))
  }

  @Test func nothingToDoIsEmpty() {
    #expect(SimulatedWork().isEmpty && SimulatedWork(work: .seconds(-1)).isEmpty)
    #expect(
      !SimulatedWork(work: .microseconds(1)).isEmpty && !SimulatedWork(block: .seconds(1)).isEmpty)
  }
}

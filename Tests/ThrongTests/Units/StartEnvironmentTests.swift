// Which descriptors a process takes for its own, from what its environment says.

import Testing

@testable import Throng

@Suite struct StartEnvironmentTests {
  private func environment(_ variables: [String: String]) -> StartEnvironment {
    StartEnvironment(process: 100, parent: 99) { variables[$0] }
  }

  @Test func aServiceManagersSocketsHaveTheirNames() {
    let found = environment([
      "LISTEN_PID": "100", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "web:admin:web",
    ])
    #expect(found.passed.map(\.descriptor) == [3, 4, 5])
    #expect(found.passed.map(\.name) == ["web", "admin", "web"])
    #expect(found.readiness == nil)
  }

  @Test func aSocketWithoutANameIsUnknown() {
    let one = environment(["LISTEN_PID": "100", "LISTEN_FDS": "1"])
    #expect(one.passed.map(\.name) == ["unknown"])
    let two = environment(["LISTEN_PID": "100", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "a"])
    #expect(two.passed.map(\.name) == ["a", "unknown"])
  }

  @Test(arguments: [
    ["LISTEN_PID": "101", "LISTEN_FDS": "1"], ["LISTEN_FDS": "1"],
    ["LISTEN_PID": "100", "LISTEN_FDS": "0"], ["LISTEN_PID": "100", "LISTEN_FDS": "-1"],
    ["LISTEN_PID": "100", "LISTEN_FDS": "x"], ["LISTEN_PID": "100", "LISTEN_FDS": "100000"],
    ["THRONG_UPGRADE": "98:7:5="], ["THRONG_UPGRADE": ""], ["THRONG_UPGRADE": "99"],
    ["THRONG_UPGRADE": "99:x:5="],
  ])
  func variablesOfAnotherProcessAreIgnored(_ variables: [String: String]) {
    #expect(environment(variables) == environment([:]))
  }

  @Test func aSuccessorGetsWhatItsPredecessorHasWritten() {
    let passed = [
      StartEnvironment.Passed(descriptor: 5, name: ""),
      StartEnvironment.Passed(descriptor: 12, name: "a=b c"),
      StartEnvironment.Passed(descriptor: 13, name: "", isCompanions: true),
    ]
    let value = StartEnvironment.upgradeValue(process: 99, readiness: 7, passed)
    let found = environment([StartEnvironment.upgradeVariable: value])
    #expect(found.passed == passed)
    #expect(found.readiness == 7)
  }
}

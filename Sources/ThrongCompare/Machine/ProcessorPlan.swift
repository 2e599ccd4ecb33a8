// Processors of the servers and of the load generator: half of the cores each, because both need
// about the same CPU time per message. Hardware threads of one core stay together. The same for all
// contenders. A value; any thread.

import LinuxSystem
import ThrongLoad

package struct ProcessorPlan: Sendable, Equatable {
  package var server: [Int]
  package var generator: [Int]

  var all: Set<Int> { Set(server + generator) }

  /// Threads of models that can choose: one for each processor of the server, and at least two,
  /// because with one they would be another model.
  var threads: Int { max(2, server.count) }

  /// Divides cores between server and generator.
  /// - Parameter cores: the usable processors of each core, in order.
  package init(cores: [[Int]]) {
    if cores.count > 1 {
      let half = cores.count / 2
      server = cores[..<half].flatMap(\.self)
      generator = cores[half...].flatMap(\.self)
    } else {
      let threads = cores.first ?? []
      server = Array(threads.prefix(max(1, threads.count / 2)))
      generator = threads.count > 1 ? Array(threads.dropFirst(threads.count / 2)) : threads
    }
  }

  /// The requested processors, or half of those this process may use.
  init(_ options: CompareOptions) throws(CompareError) {
    let usable = Processors.ofThisThread
    self.init(cores: Self.cores(of: usable))
    for (asked, isServer) in [
      (options.serverProcessors, true), (options.generatorProcessors, false),
    ] {
      guard let missing = asked?.first(where: { !usable.contains($0) }) else { continue }
      throw .noProcessor(missing, forServer: isServer, available: usable)
    }
    /// The processors that the other one leaves, or the same if it leaves none.
    func rest(of other: [Int]) -> [Int] {
      let rest = usable.subtracting(other).sorted()
      return rest.isEmpty ? other : rest
    }
    let (asked, generatorAsked) = (options.serverProcessors, options.generatorProcessors)
    server = asked ?? generatorAsked.map(rest) ?? server
    generator = generatorAsked ?? asked.map(rest) ?? generator
  }

  /// Remarks about the division, in sentences.
  var notes: [String] {
    let shared = Set(server).intersection(generator)
    if !shared.isEmpty {
      return [
        """
        Server and load generator share processor \(Processors.text(shared)): throughput and latency are \
        not reliable; CPU time per message and memory are.
        """
      ]
    }
    if server.count == 1 {
      return [
        """
        The server has one processor: the results show the cost of several loops and threads, not their \
        gain on several cores (use a machine with four or more cores for that).
        """
      ]
    }
    return []
  }

  private static func cores(of processors: Set<Int>) -> [[Int]] {
    var cores: [[Int]] = []
    var coreIndices: [String: Int] = [:]
    for processor in processors.sorted() {
      let siblings =
        TextFile.line("/sys/devices/system/cpu/cpu\(processor)/topology/thread_siblings_list")
        ?? "\(processor)"
      if let index = coreIndices[siblings] {
        cores[index].append(processor)
      } else {
        coreIndices[siblings] = cores.count
        cores.append([processor])
      }
    }
    return cores
  }
}

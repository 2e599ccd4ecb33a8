// Which processors the servers get, and which the generator. Both need about as much for a message, so
// each gets half of the cores; the hardware threads of one core stay together, so that neither slows the
// other down. The same for all contenders: one that uses one thread leaves the rest of its half idle.

import ThrongLoad

package struct ProcessorPlan: Sendable, Equatable {
  package var server: [Int]
  package var generator: [Int]

  /// What models with a choice of threads get: one for each of the server's processors, and at least
  /// two, because with one they would be another model.
  var threads: Int { max(2, server.count) }

  /// - Parameter cores: the processors of each core that may be used, in order.
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

  /// What the options ask for, else halves of what this process may use.
  init(_ options: CompareOptions) throws(CompareError) {
    let usable = Processors.ofThisThread
    self.init(cores: Self.cores(of: usable))
    for (flag, asked) in [
      ("--server-cpus", options.serverProcessors),
      ("--generator-cpus", options.generatorProcessors),
    ] {
      guard let asked, let missing = asked.first(where: { !usable.contains($0) }) else { continue }
      throw CompareError(
        "\(flag): there is no processor \(missing) to use here (there are \(Processors.text(usable)))"
      )
    }
    if let asked = options.serverProcessors {
      server = asked
      if options.generatorProcessors == nil {
        let rest = usable.subtracting(asked).sorted()
        generator = rest.isEmpty ? asked : rest
      }
    }
    if let asked = options.generatorProcessors {
      generator = asked
      if options.serverProcessors == nil {
        let rest = usable.subtracting(asked).sorted()
        server = rest.isEmpty ? asked : rest
      }
    }
  }

  /// What a reader must know about it, in sentences.
  var notes: [String] {
    let shared = Set(server).intersection(generator)
    if !shared.isEmpty {
      return [
        """
        The server and the generator share processor \(Processors.text(shared)) and take time from each \
        other: throughput and latencies say little here, CPU time per message and memory still hold.
        """
      ]
    }
    if server.count == 1 {
      return [
        """
        The server has one processor here: several loops, the pool and the threads take turns on it, and \
        show what they cost, not what they gain on many cores (for that, a machine with four or more).
        """
      ]
    }
    return []
  }

  private static func cores(of processors: Set<Int>) -> [[Int]] {
    var cores: [[Int]] = []
    var places: [String: Int] = [:]
    for processor in processors.sorted() {
      let siblings =
        TextFile.line("/sys/devices/system/cpu/cpu\(processor)/topology/thread_siblings_list")
        ?? "\(processor)"
      if let place = places[siblings] {
        cores[place].append(processor)
      } else {
        places[siblings] = cores.count
        cores.append([processor])
      }
    }
    return cores
  }
}

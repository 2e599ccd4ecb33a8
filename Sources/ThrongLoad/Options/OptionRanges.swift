// The range of each option. A value outside of it is an error before anything is started.

/// An option with a range of values.
public enum LoadOption: String, Sendable {
  case connections, idleConnections, slowReaders, threads, connectRate, repeats
  case depth, rate, percentile, latencyLimit
  case messageSize, sizeWeight, replySize, lineReplySize, greeting, lineSize
  case duration, warmup, timeout, startTimeout
}

extension LoadOptions {
  /// Checks the range of each option.
  /// - Throws: ``LoadError/outOfRange(_:_:allowed:)`` for the first value outside of its range.
  public func check() throws(LoadError) {
    for (option, value, range) in ranges + workloadRanges(workload.parts)
    where !range.contains(value) {
      throw .outOfRange(option, value, allowed: range)
    }
  }

  private typealias Bounded = (LoadOption, Double, ClosedRange<Double>)

  /// Upper bound of counts, so that their sums and products cannot overflow.
  private static let counts = 1.0...Double(1 << 30)
  private static let sums = 0.0...Double(1 << 30)
  /// From a millisecond to a year, in seconds.
  private static let times = 0.001...31_536_000.0

  private var ranges: [Bounded] {
    // Each load thread has a connection that is not a slow reader.
    let mostThreads = max(1, connections - slowConnections)
    var ranges: [Bounded] = [
      (.connections, Double(connections), Self.counts),
      (.threads, Double(threads), 1...Double(mostThreads)),
      (.repeats, Double(repeats), Self.counts),
      (.duration, duration / .seconds(1), Self.times),
      (.warmup, warmup / .seconds(1), 0...Self.times.upperBound),
      (.timeout, timeout / .seconds(1), Self.times),
    ]
    if let connectRate { ranges.append((.connectRate, Double(connectRate), Self.counts)) }
    if case .command(let command) = server {
      ranges.append((.startTimeout, command.startTimeout / .seconds(1), Self.times))
    }
    return ranges
  }

  private func workloadRanges(_ parts: Workload.Parts) -> [Bounded] {
    let sizes = parts.messages.sizes
    var ranges: [Bounded] = [
      (.idleConnections, Double(parts.idleConnections), Self.sums),
      // One connection is left that is not a slow reader.
      (.slowReaders, parts.slowShare, 0...(connections > 1 ? 99.99 : 0)),
      (.depth, Double(parts.depth), 1...65535),
      (.greeting, Double(parts.messages.greeting), Self.sums),
      (.messageSize, Double(sizes.smallest), Self.counts),
      (.messageSize, Double(sizes.largest), Self.counts),
    ]
    if let rate = parts.rate { ranges.append((.rate, rate, 0.001...1e9)) }
    if let bound = parts.bound {
      ranges.append((.percentile, bound.percentile, 0.001...99.999))
      ranges.append((.latencyLimit, bound.limit / .seconds(1), 1e-6...Self.times.upperBound))
    }
    if let fanOut = parts.fanOut {
      let lines = Double(FanOutLineCodec.smallestSize)...Double(FanOutLineCodec.largestSize)
      ranges.append((.lineSize, Double(fanOut.lineSize), lines))
    }
    if case .weighted(let list) = sizes {
      ranges += list.map { (.sizeWeight, $0.weight, 1e-9...1e9) }
    }
    switch parts.messages.reply {
    case .echo: break
    case .bytes(let count): ranges.append((.replySize, Double(count), Self.counts))
    // One byte and the newline.
    case .line: ranges.append((.lineReplySize, Double(sizes.smallest), 2...Double(1 << 30)))
    }
    return ranges
  }
}

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
    for (option, value, range) in commonRanges + workloadRanges where !range.contains(value) {
      throw .outOfRange(option, value, allowed: range)
    }
  }

  private typealias Bounded = (LoadOption, Double, ClosedRange<Double>)

  /// Upper bound of counts, so that their sums and products cannot overflow.
  private static let counts = 1.0...Double(1 << 30)
  private static let sums = 0.0...Double(1 << 30)
  /// From a millisecond to a year, in seconds.
  private static let times = 0.001...31_536_000.0

  private var commonRanges: [Bounded] {
    // Each load thread has a connection that is not a slow reader.
    let mostThreads = max(1, connections - slowConnections)
    var ranges: [Bounded] = [
      (.connections, Double(connections), Self.counts),
      (.idleConnections, Double(idleConnections), Self.sums),
      (.threads, Double(threads), 1...Double(mostThreads)),
      (.repeats, Double(repeats), Self.counts),
      (.duration, duration / .seconds(1), Self.times),
      (.warmup, warmup / .seconds(1), 0...Self.times.upperBound),
      (.timeout, timeout / .seconds(1), Self.times),
    ]
    if let connectRate { ranges.append((.connectRate, Double(connectRate), Self.counts)) }
    if let rate { ranges.append((.rate, rate, 0.001...1e9)) }
    if case .command(let command) = server {
      ranges.append((.startTimeout, command.startTimeout / .seconds(1), Self.times))
    }
    return ranges
  }

  private var workloadRanges: [Bounded] {
    switch workload {
    case .echo(let echo):
      var ranges = messageRanges(echo.messages)
      ranges.append((.depth, Double(echo.depth), 1...65535))
      ranges.append((.slowReaders, echo.slowReaders, shares))
      if case .search(let bound) = echo.pacing {
        ranges.append((.percentile, bound.percentile, 0.001...99.999))
        ranges.append((.latencyLimit, bound.limit / .seconds(1), 1e-6...Self.times.upperBound))
      }
      return ranges
    case .churn(let churn): return messageRanges(churn.messages)
    case .idle(let idle): return [(.greeting, Double(idle.greeting), Self.sums)]
    case .fanOut(let fanOut):
      let sizes = Double(FanOutLineCodec.smallestSize)...Double(FanOutLineCodec.largestSize)
      var ranges: [Bounded] = [
        (.lineSize, Double(fanOut.lineSize), sizes),
        (.slowReaders, fanOut.stalledReceivers, shares),
      ]
      if case .inFlight(let lines) = fanOut.pacing {
        ranges.append((.depth, Double(lines), 1...65535))
      }
      return ranges
    }
  }

  /// Shares of slow readers, in per cent: one other connection is left.
  private var shares: ClosedRange<Double> { 0...(connections > 1 ? 99.99 : 0) }

  private func messageRanges(_ messages: MessageOptions) -> [Bounded] {
    var ranges: [Bounded] = [
      (.messageSize, Double(messages.sizes.smallest), Self.counts),
      (.messageSize, Double(messages.sizes.largest), Self.counts),
      (.greeting, Double(messages.greeting), Self.sums),
    ]
    if case .weighted(let list) = messages.sizes {
      ranges += list.map { (.sizeWeight, $0.weight, 1e-9...1e9) }
    }
    switch messages.reply {
    case .echo: break
    case .bytes(let count): ranges.append((.replySize, Double(count), Self.counts))
    case .line:
      // One byte and the newline.
      ranges.append((.lineReplySize, Double(messages.sizes.smallest), 2...Double(1 << 30)))
    }
    return ranges
  }
}

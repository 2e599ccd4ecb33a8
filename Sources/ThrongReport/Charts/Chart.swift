// Content of a chart: one metric of one workload over the number of connections, with a line for
// each contender. A value; any thread.

/// A chart of one metric of one workload. ``ChartDrawing`` draws it.
struct Chart {
  struct Point {
    let connections: Int
    let estimate: MedianEstimate
    let isSaturated: Bool
  }

  struct Series {
    let contender: Contender
    let style: SeriesStyle
    /// Ascending by connections; the line is interrupted at missing and failed cells.
    let points: [Point]
  }

  let metric: Metric
  let workload: Workload
  /// Contenders with at least one value above the resolution; empty at equal load, which is measured
  /// with one number of clients.
  let series: [Series]
  /// All measured contenders, for the table.
  let measured: [Series]

  init(_ metric: Metric, _ workload: Workload, _ measurements: Measurements) {
    self.metric = metric
    self.workload = workload
    measured = measurements.results.contenders.enumerated().compactMap { index, contender in
      let points = workload.connections.compactMap { connections -> Point? in
        guard let cell = measurements.soundCell(workload, contender, connections),
          let estimate = cell.estimate(metric)
        else { return nil }
        return Point(
          connections: connections, estimate: estimate,
          isSaturated: metric.suffersFromSaturation && cell.isSaturated(metric))
      }
      // The same style in every chart.
      let style = SeriesStyle(index: index, isPeer: contender.kind == .peer)
      return points.isEmpty ? nil : Series(contender: contender, style: style, points: points)
    }
    series =
      metric.isAtEqualLoad
      ? []
      : measured.compactMap { series in
        let points = series.points.filter {
          metric.isResolved($0.estimate.median, workload, $0.connections)
        }
        return points.isEmpty
          ? nil : Series(contender: series.contender, style: series.style, points: points)
      }
  }

  var isEmpty: Bool { series.isEmpty }

  var title: String { "\(metric.title): \(workload.title)" }

  private func text(_ value: Double) -> String { metric.format(value, workload) }

  /// Text alternative of the chart.
  var summary: String {
    let parts = series.compactMap { series -> String? in
      guard let first = series.points.first, let last = series.points.last else { return nil }
      let end = "\(text(last.estimate.median)) with \(Phrase.clients(last.connections))"
      let start = "\(text(first.estimate.median)) with \(Phrase.clients(first.connections))"
      return series.contender.label + (start == end ? " \(end)" : " from \(start) to \(end)")
    }
    return "\(metric.axis(workload)), against the number of clients. "
      + parts.joined(separator: "; ") + "."
  }

  /// Tooltip of a point.
  func hover(_ series: Series, _ point: Point) -> String {
    let interval = point.estimate.interval.map {
      " (95 %: \(text($0.low)) to \(text($0.high)))"
    }
    return "\(series.contender.label), \(Phrase.clients(point.connections)):"
      + " \(text(point.estimate.median))\(interval ?? "")"
      + (point.isSaturated ? "; load generator was the bottleneck" : "")
  }

  /// Scale of the vertical axis. It includes intervals, except those so wide that they would
  /// flatten the lines.
  var verticalScale: Scale {
    let medians = series.flatMap { $0.points.map(\.estimate.median) }
    let (least, most) = (medians.min() ?? 0, medians.max() ?? 1)
    let ends = series.flatMap { series in
      series.points.flatMap { point in
        [point.estimate.interval?.low, point.estimate.interval?.high].compactMap { $0 }
      }
    }
    return Scale(
      values: medians + ends.filter { least / 2 <= $0 && $0 <= most * 1.5 },
      isBinary: metric.isBinary)
  }
}

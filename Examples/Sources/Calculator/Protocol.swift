// A binary protocol: frames of a four-byte length. A request has a number, an operation and two operands, a
// reply the number of its request and a result. Replies may come in any order, so requests can overlap.

import Throng

struct Request: Equatable {
  enum Operation: UInt8 { case add = 1, subtract, multiply, divide }

  var number: UInt32
  var operation: Operation
  var left: Int64
  var right: Int64

  init(number: UInt32, _ left: Int64, _ operation: Operation, _ right: Int64) {
    self.number = number
    self.operation = operation
    self.left = left
    self.right = right
  }

  /// Nil when the frame is no request.
  init?(frame: Bytes) {
    guard frame.count == 21, let operation = Operation(rawValue: frame[4]),
      let number = frame.unsignedInteger(at: 0, of: UInt32.self),
      let left = frame.unsignedInteger(at: 5, of: UInt64.self),
      let right = frame.unsignedInteger(at: 13, of: UInt64.self)
    else { return nil }
    self.init(
      number: number, Int64(bitPattern: left), operation, Int64(bitPattern: right))
  }

  func write(to writer: inout ByteWriter) {
    writer.write(lengthPrefix: .fourBytes) { writer in
      writer.write(number, as: UInt32.self)
      writer.write(byte: operation.rawValue)
      writer.write(left, as: Int64.self)
      writer.write(right, as: Int64.self)
    }
  }

  /// Nil when there is none: a division by zero, or a result that does not fit.
  var result: Int64? {
    let (result, overflow) =
      switch operation {
      case .add: left.addingReportingOverflow(right)
      case .subtract: left.subtractingReportingOverflow(right)
      case .multiply: left.multipliedReportingOverflow(by: right)
      case .divide: left.dividedReportingOverflow(by: right)
      }
    return overflow ? nil : result
  }
}

struct Reply: Equatable {
  var number: UInt32
  /// Nil: there is none.
  var result: Int64?

  init(number: UInt32, result: Int64?) {
    self.number = number
    self.result = result
  }

  /// Nil when the frame is no reply.
  init?(frame: Bytes) {
    guard let number = frame.unsignedInteger(at: 0, of: UInt32.self) else { return nil }
    let result = frame.unsignedInteger(at: 5, of: UInt64.self)
    guard frame.count == (result == nil ? 5 : 13), frame[4] == (result == nil ? 0 : 1) else {
      return nil
    }
    self.init(number: number, result: result.map { Int64(bitPattern: $0) })
  }

  func write(to writer: inout ByteWriter) {
    writer.write(lengthPrefix: .fourBytes) { writer in
      writer.write(number, as: UInt32.self)
      writer.write(byte: result == nil ? 0 : 1)
      if let result { writer.write(result, as: Int64.self) }
    }
  }
}

// A writer puts down what a reader takes up, and what it has given out does not change.

import Testing
import Throng

extension AllTests {
  @Suite struct ByteWriters {
    @Test func integersHaveTheirByteOrder() {
      var writer = ByteWriter()
      writer.write(0x0102, as: UInt16.self)
      writer.write(0x0102, as: UInt16.self, .little)
      writer.write(-2, as: Int32.self)
      writer.write(UInt64.max - 1, as: UInt64.self, .little)
      writer.write(byte: 9)
      #expect(
        Array(writer.bytes) == [1, 2, 2, 1, 0xff, 0xff, 0xff, 0xfe, 0xfe]
          + [UInt8](
            repeating: 0xff, count: 7) + [9])
    }

    @Test func integersAreFoundWhereTheyAre() {
      let bytes: Bytes = [9, 1, 2, 3, 4]
      #expect(bytes.unsignedInteger(at: 1) == UInt16(0x0102))
      #expect(bytes.unsignedInteger(at: 1, of: UInt32.self, .little) == 0x0403_0201)
      #expect(bytes.unsignedInteger(at: 2, of: UInt32.self) == nil)
      #expect(bytes.unsignedInteger(at: -1, of: UInt8.self) == nil)
    }

    @Test(arguments: [0, 7, -7, 10, Int.max, Int.min])
    func decimalsAreText(_ number: Int) {
      var writer = ByteWriter(capacity: 0)
      writer.write(decimal: number)
      #expect(writer.bytes.text == String(number))
    }

    @Test func lengthsAreNested() {
      var writer = ByteWriter(capacity: 1)
      writer.write(lengthPrefix: .twoBytes) { outer in
        outer.write("ab")
        outer.write(lengthPrefix: LengthPrefix(byteCount: 4, endianness: .little)) {
          $0.write([1, 2, 3] as [UInt8])
        }
        outer.write(lengthPrefix: .oneByte) { _ in }
      }
      #expect(Array(writer.bytes) == [0, 10, 97, 98, 3, 0, 0, 0, 1, 2, 3, 0])
    }

    @Test func whatWasGivenOutDoesNotChange() {
      var writer = ByteWriter(capacity: 1000)
      writer.write("one")
      let one = writer.bytes
      var copy = writer
      copy.write(" and two")
      writer.write(" or more")
      #expect(one == "one" && copy.bytes == "one and two" && writer.bytes == "one or more")
      var nested = ByteWriter(capacity: 1000)
      var seen = Bytes()
      nested.write(lengthPrefix: .oneByte) {
        $0.write("x")
        seen = $0.bytes
      }
      #expect(Array(seen) == [0, 120] && Array(nested.bytes) == [1, 120])
    }

    @Test func anEmptiedWriterKeepsItsStorageUnlessItIsReferredTo() {
      var writer = ByteWriter(capacity: 1000)
      writer.write("one")
      let address = writer.bytes.withUnsafeBytes { $0.baseAddress }
      writer.removeAll()
      writer.write("two")
      #expect(writer.bytes.withUnsafeBytes { $0.baseAddress } == address)
      let two = writer.bytes
      writer.removeAll()
      writer.write("xyz")
      #expect(two == "two" && writer.bytes == "xyz")
    }
  }
}

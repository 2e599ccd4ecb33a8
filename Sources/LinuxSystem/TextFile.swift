// Small text files, as /proc and /sys have them. Any thread.

import CEpollShim
import Glibc

/// Reads small text files and directories.
package enum TextFile {
  /// The content; nil when the file cannot be read.
  package static func read(_ path: String) -> String? {
    guard let file = try? Descriptor.open(path, O_RDONLY | O_CLOEXEC) else { return nil }
    defer { Descriptor.close(file) }
    var bytes: [UInt8] = []
    while let part = try? Descriptor.read(file, atMost: 4096), !part.isEmpty { bytes += part }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// First line of the file.
  package static func line(_ path: String) -> String? {
    read(path).flatMap { $0.split(separator: "\n").first.map(String.init) }
  }

  /// The number on the first line.
  package static func number(_ path: String) -> Int? { line(path).flatMap { Int($0) } }

  /// Names in a directory, without hidden ones.
  package static func list(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    let offset = MemoryLayout<dirent>.offset(of: \.d_name)!  // a stored property of a C struct
    while let entry = readdir(directory) {
      // Not a copy of all 256 bytes: the memory of an entry may end with its name.
      let name = String(
        cString: (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self))
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names
  }

  /// Value of the line `name: value`.
  package static func value(_ name: String, in text: String) -> Substring? {
    for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
      return line.dropFirst(name.count + 1).trimmingSpaces
    }
    return nil
  }

  /// Number of the line `name: number`; 0 without one.
  package static func number(_ name: String, in text: String) -> Int {
    value(name, in: text).flatMap { Int($0) } ?? 0
  }
}

extension Substring {
  package var trimmingSpaces: Substring {
    let isSpace = { (character: Character) in character == " " || character == "\t" }
    return drop(while: isSpace).reversed().drop(while: isSpace).reversed().reduce(into: "") {
      $0.append($1)
    }
  }
}

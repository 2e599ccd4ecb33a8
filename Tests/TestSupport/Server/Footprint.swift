// What a server must not leave behind in the process: descriptors for events, sockets and threads.

import Glibc
import LinuxSystem
import Throng

/// Counts what the library opens: epoll instances, eventfds, signalfds, and the threads that it starts,
/// which have a name. Threads of Swift's runtime, of Dispatch and of the tests have other names.
package struct Footprint {
  /// Epoll instances, eventfds and signalfds.
  package let descriptors: Int
  /// Of the library.
  package let threads: Int

  package static var now: Footprint {
    Footprint(
      descriptors: openDescriptors.count { isForEvents($0) },
      threads: entries("/proc/self/task").count { name(ofThread: $0) == Thread.name })
  }

  package func expectNothingLeftBehind(of addresses: [SocketAddress]) throws {
    try eventually("no epoll instance or eventfd is left behind") {
      Footprint.now.descriptors <= descriptors
    }
    let names = addresses.map(Self.kernelForm)
    try eventually("no socket is left behind at \(addresses)") {
      !Footprint.openDescriptors.contains { names.contains(Self.localAddress(of: $0)) }
    }
    try eventually("no thread is left behind, there were \(threads)") {
      Footprint.now.threads <= threads
    }
  }

  private static func kernelForm(_ address: SocketAddress) -> [UInt8] {
    address.withKernelForm {
      [UInt8](UnsafeRawBufferPointer(start: UnsafeRawPointer($0), count: Int($1)))
    }
  }

  /// Empty when the descriptor is not a socket.
  private static func localAddress(of descriptor: CInt) -> [UInt8] {
    var storage = sockaddr_storage()
    return withUnsafeMutableBytes(of: &storage) { bytes in
      var length = socklen_t(bytes.count)
      let address = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
      return getsockname(descriptor, address, &length) == 0 ? Array(bytes.prefix(Int(length))) : []
    }
  }

  private static var openDescriptors: [CInt] { entries("/proc/self/fd").compactMap { CInt($0) } }

  private static func isForEvents(_ fd: CInt) -> Bool {
    var target = [UInt8](repeating: 0, count: 64)
    let count = target.withUnsafeMutableBytes {
      readlink("/proc/self/fd/\(fd)", $0.baseAddress!, $0.count)
    }
    let text = String(decoding: target.prefix(max(0, count)), as: UTF8.self)
    return ["[eventpoll]", "[eventfd]", "[signalfd]"].contains { text.hasSuffix($0) }
  }

  /// A new thread of Swift's pool has its creator's name for a moment, and then its own.
  private static func name(ofThread id: String) -> String {
    guard let file = fopen("/proc/self/task/\(id)/comm", "r") else { return "" }
    defer { fclose(file) }
    var text = [CChar](repeating: 0, count: 32)
    guard fgets(&text, 32, file) != nil else { return "" }
    return String(decoding: text.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init), as: UTF8.self)
  }

  private static func entries(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      withUnsafeBytes(of: entry.pointee.d_name) {
        names.append(String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self))
      }
    }
    return names
  }
}

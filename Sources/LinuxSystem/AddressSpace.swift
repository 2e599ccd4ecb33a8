// What a limited address space (RLIMIT_AS, getrlimit(2), `ulimit -v`) leaves to threads. Swift's runtime
// ends the process when memory cannot be had, so threads must not take the last of it; and the arenas of
// malloc(3), each 64 MiB of address space for the threads that share it, must not take it from the stacks.
// Without a limit nothing here has an effect.

import CEpollShim

package enum AddressSpace {
  /// In bytes; nil without a limit.
  private static let limit: Int? = {
    let limit = shim_address_space_limit()
    return limit < 0 ? nil : Int(limit)
  }()

  /// What is left to everything but stacks.
  private static let reserve = 32 << 20
  private static let arena = 64 << 20

  package static func hasRoom(forStack size: Int) -> Bool {
    limit == nil || shim_has_address_space(size + reserve) != 0
  }

  /// For a process that is about to start many threads: their arenas get an eighth of the address space.
  /// By default there are up to 8 for each core, more than 1 GiB on 2 cores.
  package static func boundArenas() {
    guard let limit, let count = arenas(in: limit) else { return }
    shim_bound_arenas(CInt(count))
  }

  /// How many arenas fit; nil when more do than malloc would make on most machines.
  package static func arenas(in limit: Int) -> Int? {
    let count = max(1, limit / 8 / arena)
    return count < 8 ? count : nil
  }

  /// For a process that makes TLS handshakes: each takes about 60 KiB and frees most of it at its end. With
  /// malloc's first threshold of 128 KiB the kernel takes these pages and gives them again for every second
  /// handshake, which costs 1.5 % of it.
  package static func keepHandshakeMemory() { shim_free_mapped_block(512 << 10) }
}

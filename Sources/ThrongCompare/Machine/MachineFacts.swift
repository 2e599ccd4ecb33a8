// Description of the machine and of the versions, for the report.

import Glibc
import LinuxSystem
import ThrongLoad
import ThrongReport

extension Machine {
  /// The machine that this process runs on.
  static func current(limits: SystemLimits) -> Machine {
    var name = utsname()
    uname(&name)
    let memory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    let kernel = [text(of: name.sysname), text(of: name.release), text(of: name.machine)]
    return Machine(
      cpuModel: cpuModel, cores: Processors.ofThisThread.count, memoryBytes: memory,
      kernel: kernel.joined(separator: " "), operatingSystem: operatingSystem,
      limits: [
        Limit("open files", Decimals.grouped(limits.descriptors)),
        Limit("threads", limits.threads == .max ? "none" : Decimals.grouped(limits.threads)),
        Limit("net.core.somaxconn", TextFile.line("/proc/sys/net/core/somaxconn") ?? "unknown"),
      ],
      notes: notes)
  }

  private static var cpuModel: String {
    let lines = (TextFile.read("/proc/cpuinfo") ?? "").split(separator: "\n")
    let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
    return model.map { String($0.drop { $0 == " " }) } ?? "unknown"
  }

  private static var operatingSystem: String {
    let lines = (TextFile.read("/etc/os-release") ?? "").split(separator: "\n")
    let name = lines.first { $0.hasPrefix("PRETTY_NAME=") }?.split(separator: "=").last
    return name.map { $0.filter { $0 != "\"" } } ?? "unknown"
  }

  private static var notes: [String] {
    var notes: [String] = []
    let flags = (TextFile.read("/proc/cpuinfo") ?? "").split(separator: "\n")
      .first { $0.hasPrefix("flags") }
    if flags?.split(separator: " ").contains("hypervisor") == true {
      notes.append("Virtual machine: the hypervisor may take processor time at any moment.")
    }
    let governor = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
    if let governor = TextFile.line(governor), governor != "performance" {
      notes.append("Variable processor frequency (governor \(governor)).")
    }
    return notes
  }

  private static func text<Characters>(of tuple: Characters) -> String {
    withUnsafeBytes(of: tuple) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}

extension Contender {
  /// Version of a peer, from the file PROGRAM.version that its build wrote.
  var version: Version? {
    guard kind == .peer, let words = try? CommandLineText.split(command), let program = words.first
    else { return nil }
    return TextFile.line(program + ".version").map { Version(label, $0) }
  }
}

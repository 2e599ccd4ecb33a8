// swift-tools-version: 6.2
import PackageDescription

// State shared by threads, under Throng's lock and under the standard library's: see Benchmarks/protocols.
let package = Package(
  name: "locks",
  dependencies: [.package(name: "throng", path: "../..", traits: [])],
  targets: [
    .executableTarget(
      name: "Locks", dependencies: [.product(name: "Throng", package: "throng")])
  ]
)

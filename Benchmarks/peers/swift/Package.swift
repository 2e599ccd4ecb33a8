// swift-tools-version: 6.2
import PackageDescription

let nio: [Target.Dependency] = [
  .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOPosix", package: "swift-nio"),
]

let package = Package(
  name: "peers",
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/swhitty/FlyingFox", .upToNextMinor(from: "0.27.1")),
  ],
  targets: [
    .executableTarget(name: "SwiftNIOEcho", dependencies: nio),
    .executableTarget(name: "SwiftNIOAsyncEcho", dependencies: nio),
    .executableTarget(
      name: "SwiftNIOTLSEcho",
      dependencies: nio + [.product(name: "NIOSSL", package: "swift-nio-ssl")]),
    .executableTarget(
      name: "FlyingSocksEcho",
      dependencies: [.product(name: "FlyingSocks", package: "FlyingFox")]),
  ]
)

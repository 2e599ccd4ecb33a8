// swift-tools-version: 6.2
import PackageDescription

// Programs that use Throng the way yours would. Build them here: swift build
let package = Package(
  name: "examples",
  dependencies: [
    .package(name: "throng", path: ".."),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .executableTarget(
      name: "Chatroom", dependencies: [.product(name: "Throng", package: "throng")]),
    .executableTarget(name: "Shouter", dependencies: [.product(name: "Throng", package: "throng")]),
    .executableTarget(
      name: "Lifecycle",
      dependencies: [
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Throng", package: "throng"),
        .product(name: "ThrongServiceLifecycle", package: "throng"),
      ]),
  ]
)

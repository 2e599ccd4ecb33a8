// swift-tools-version: 6.2
import PackageDescription

let throng = Target.Dependency.product(name: "Throng", package: "throng")

// Programs that use Throng the way yours would. Build them here: swift build. Their tests: swift test.
let package = Package(
  name: "examples",
  dependencies: [
    // Without its traits, Throng brings two packages: swift-log and swift-system. One example needs the adapter
    // for swift-service-lifecycle.
    .package(name: "throng", path: "..", traits: ["ServiceLifecycle"]),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .target(name: "ExampleOptions", dependencies: [throng]),
    .executableTarget(name: "Calculator", dependencies: ["ExampleOptions", throng]),
    .executableTarget(name: "ChatClient", dependencies: [throng]),
    .executableTarget(name: "Chatroom", dependencies: [throng]),
    .executableTarget(name: "HTTPHello", dependencies: ["ExampleOptions", throng]),
    .executableTarget(name: "Proxy", dependencies: [throng]),
    .executableTarget(name: "RESPServer", dependencies: ["ExampleOptions", throng]),
    .executableTarget(name: "Shouter", dependencies: [throng]),
    .executableTarget(
      name: "Lifecycle",
      dependencies: [
        throng,
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "ThrongServiceLifecycle", package: "throng"),
      ]),
    .testTarget(
      name: "ExampleTests",
      dependencies: [
        "Calculator", "ChatClient", "Chatroom", "HTTPHello", "Proxy", "RESPServer", "Shouter",
        throng,
        .product(name: "ThrongTesting", package: "throng"),
      ]),
  ]
)

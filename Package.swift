// swift-tools-version: 6.2
import PackageDescription

// `make check` asks for this; a build with a newer compiler must not fail over its new warnings.
let warningsAreErrors = Context.environment["THRONG_WARNINGS_AS_ERRORS"] == "1"

// `make docs` asks for this; nothing else needs the plug-in.
let documentation: [Package.Dependency] =
  Context.environment["THRONG_DOCUMENTATION"] == nil
  ? [] : [.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.4.0")]

let settings: [SwiftSetting] =
  [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
  ] + (warningsAreErrors ? [.treatAllWarnings(as: .error)] : [])

let histogram = Target.Dependency.product(
  name: "Histogram", package: "hdrhistogram-swift", condition: .when(traits: ["Command"]))

let package = Package(
  name: "throng",
  products: [
    .library(name: "Throng", targets: ["Throng"]),
    .library(name: "ThrongChat", targets: ["ThrongChat"]),
    .library(name: "ThrongHandlers", targets: ["ThrongHandlers"]),
    .library(name: "ThrongLoad", targets: ["ThrongLoad"]),
    .library(name: "ThrongMetrics", targets: ["ThrongMetrics"]),
    .library(name: "ThrongMetricsPage", targets: ["ThrongMetricsPage"]),
    .library(name: "ThrongTesting", targets: ["ThrongTesting"]),
    .library(name: "ThrongReport", targets: ["ThrongReport"]),
    .library(name: "ThrongServiceLifecycle", targets: ["ThrongServiceLifecycle"]),
    .library(name: "ThrongTLS", targets: ["ThrongTLS"]),
    .executable(name: "throng", targets: ["ThrongCommand"]),
  ],
  // A program that depends on the library alone says `traits: []`, and resolves two packages.
  traits: [
    .default(enabledTraits: ["Command", "Metrics", "ServiceLifecycle"]),
    .trait(name: "Command", description: "The command `throng`, with its load generator."),
    .trait(name: "Metrics", description: "The adapter for swift-metrics."),
    .trait(
      name: "ServiceLifecycle", description: "The adapter for swift-service-lifecycle."),
  ],
  dependencies: [
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.7.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ] + documentation,
  targets: [
    .systemLibrary(name: "CEpollShim", path: "CEpollShim"),
    .systemLibrary(name: "COpenSSL", path: "COpenSSL"),
    .target(
      name: "LinuxSystem",
      dependencies: ["CEpollShim", .product(name: "SystemPackage", package: "swift-system")],
      swiftSettings: settings),
    .target(
      name: "Throng",
      dependencies: [
        "LinuxSystem",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: settings),
    .target(
      name: "ThrongTLS",
      dependencies: [
        "COpenSSL", "LinuxSystem", "Throng",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: settings),
    .target(
      name: "ThrongTesting",
      dependencies: [
        "LinuxSystem", "Throng",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: settings),
    .target(
      name: "ThrongHandlers",
      dependencies: [
        "LinuxSystem", "Throng",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: settings),
    .target(
      name: "ThrongChat",
      dependencies: ["Throng", "ThrongHandlers"],
      swiftSettings: settings),
    .target(
      name: "TerminalClient",
      dependencies: [
        "LinuxSystem", "Throng", "ThrongHandlers",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: settings),
    .target(
      name: "ThrongExec",
      dependencies: [
        "LinuxSystem", "Throng", "ThrongHandlers",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: settings),
    .target(
      name: "ThrongMetricsPage",
      dependencies: [
        "LinuxSystem", "Throng",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .target(
      name: "ThrongMetrics",
      dependencies: [
        "Throng",
        .product(
          name: "CoreMetrics", package: "swift-metrics", condition: .when(traits: ["Metrics"])),
      ],
      swiftSettings: settings),
    .target(
      name: "ThrongServiceLifecycle",
      dependencies: [
        "Throng",
        .product(
          name: "ServiceLifecycle", package: "swift-service-lifecycle",
          condition: .when(traits: ["ServiceLifecycle"])),
      ],
      swiftSettings: settings),
    .target(
      name: "ThrongLoad",
      dependencies: [
        "LinuxSystem", "Throng",
        histogram,
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: settings),
    .target(
      name: "ThrongReport", dependencies: ["LinuxSystem", "ThrongLoad"], swiftSettings: settings),
    .target(
      name: "ThrongCompare",
      dependencies: [
        "LinuxSystem", "Throng", "ThrongLoad", "ThrongReport",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "ThrongCommand",
      dependencies: [
        "LinuxSystem", "TerminalClient", "Throng", "ThrongChat", "ThrongCompare", "ThrongExec",
        "ThrongHandlers", "ThrongLoad", "ThrongMetricsPage", "ThrongReport", "ThrongTLS",
        .product(
          name: "ArgumentParser", package: "swift-argument-parser",
          condition: .when(traits: ["Command"])),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: settings),
    .target(
      name: "TestSupport",
      dependencies: [
        "LinuxSystem", "Throng", "ThrongTLS",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      path: "Tests/TestSupport", swiftSettings: settings),
    .testTarget(
      name: "ThrongCommandTests",
      dependencies: [
        "LinuxSystem", "TestSupport", "Throng", "ThrongChat", "ThrongCommand", "ThrongTLS",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ThrongMetricsPageTests",
      dependencies: [
        "TestSupport", "Throng", "ThrongHandlers", "ThrongMetrics", "ThrongMetricsPage",
        .product(
          name: "MetricsTestKit", package: "swift-metrics", condition: .when(traits: ["Metrics"])),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ThrongHandlersTests",
      dependencies: [
        "CEpollShim", "LinuxSystem", "TestSupport", "Throng", "ThrongHandlers",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ThrongChatTests",
      dependencies: ["LinuxSystem", "TestSupport", "Throng", "ThrongChat", "ThrongHandlers"],
      swiftSettings: settings),
    .testTarget(
      name: "TerminalClientTests", dependencies: ["TerminalClient", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "EndToEnd", dependencies: ["LinuxSystem", "TestSupport", "ThrongCommand"],
      exclude: ["Faults/faults.c", "TLS/independent.py"],
      swiftSettings: settings),
    .testTarget(
      name: "ThrongTests",
      dependencies: [
        "CEpollShim", "LinuxSystem", "TestSupport", "Throng", "ThrongHandlers",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ThrongTLSTests",
      dependencies: ["COpenSSL", "LinuxSystem", "TestSupport", "Throng", "ThrongTLS"],
      swiftSettings: settings),
    .testTarget(
      name: "ThrongTestingTests", dependencies: ["Throng", "ThrongTesting"], swiftSettings: settings
    ),
    .testTarget(
      name: "ThrongCompareTests",
      dependencies: [
        "CEpollShim", "LinuxSystem", "TestSupport", "ThrongCommand", "ThrongCompare", "ThrongLoad",
        "ThrongReport",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ThrongLoadTests",
      dependencies: [
        "LinuxSystem", "TestSupport", "Throng", "ThrongLoad", "ThrongTLS",
        histogram,
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ThrongReportTests", dependencies: ["LinuxSystem", "TestSupport", "ThrongReport"],
      exclude: ["Support/browser.py", "Support/recorded", "Support/results-1.json"],
      swiftSettings: settings),
  ]
)

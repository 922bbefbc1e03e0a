// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// The modules of Lockstep and the arrows between them (docs/design.md): arrows point down only.

import Foundation
import PackageDescription

/// oneDNN is used when its header is installed; everything builds and trains without it. LOCKSTEP_NO_ONEDNN=1 in the
/// environment of `swift build`, `swift test` or `make` leaves it out, LOCKSTEP_NO_IMAGES=1 the image libraries.
let hasOneDNN =
    ["/usr/include", "/usr/local/include"].contains {
        FileManager.default.fileExists(atPath: $0 + "/oneapi/dnnl/dnnl.h")
    } && Context.environment["LOCKSTEP_NO_ONEDNN"] == nil

/// PNG and JPEG images are read with the system's libraries where their headers are installed.
func hasHeader(_ name: String) -> Bool {
    Context.environment["LOCKSTEP_NO_IMAGES"] == nil
        && ["/usr/include/", "/usr/local/include/"].contains { FileManager.default.fileExists(atPath: $0 + name) }
}
let (hasPNG, hasJPEG) = (hasHeader("png.h"), hasHeader("jpeglib.h"))

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),  // SE-0335: write `any`
    .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444: import what you use
    .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409: C modules stay out of our interface
    // Debug builds check that nobody changes what another is reading; the checks are a fifth of a small step.
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// Kernels are compiled at -O3 in debug builds too: at -O0 a debugging session would train 30 times slower.
/// No -march: the instruction set is chosen at run time, function by function.
let kernelFlags: [CSetting] = [
    .unsafeFlags(["-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast-honor-pragmas"])
]

let package = Package(
    name: "lockstep",
    products: [
        .library(name: "Lockstep", targets: ["Lockstep"]),
        .library(name: "LockstepTesting", targets: ["LockstepTesting"]),
        .executable(name: "lockstep", targets: ["lockstep-cli"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    ],
    targets: [
        // MARK: C
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "COpenMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
        .target(
            name: "CLockstepKernels", dependencies: ["COpenBLAS"],
            exclude: ["optimizer.inc", "optimizer_rules.inc"],
            cSettings: kernelFlags + (hasOneDNN ? [.define("LSK_ONEDNN")] : []),
            linkerSettings: [.linkedLibrary("m")] + (hasOneDNN ? [.linkedLibrary("dnnl")] : [])),
        .target(
            name: "CImageCodecs",
            cSettings: (hasPNG ? [.define("LSI_PNG")] : []) + (hasJPEG ? [.define("LSI_JPEG")] : []),
            linkerSettings: (hasPNG ? [.linkedLibrary("png")] : []) + (hasJPEG ? [.linkedLibrary("jpeg")] : [])),
        // Products are rounded before they are added: a sum has the same bits whoever reduces it, on whatever processor.
        .target(
            name: "CMPI", dependencies: ["COpenMPI"],
            cSettings: kernelFlags + [.unsafeFlags(["-ffp-contract=off"])]),

        // MARK: Library
        .target(name: "LockstepTensor", dependencies: ["CLockstepKernels"]),
        .target(name: "LockstepComm", dependencies: ["CMPI"]),
        .target(name: "LockstepNN", dependencies: ["LockstepTensor"]),
        .target(name: "LockstepOptim", dependencies: ["LockstepTensor"]),
        .target(
            name: "LockstepData", dependencies: ["LockstepTensor", "CZlib", "CImageCodecs"],
            resources: [.embedInCode("Digits/digits.csv.gz")]),
        .target(
            name: "LockstepLearner", dependencies: ["LockstepTensor", "LockstepNN", "LockstepOptim", "LockstepData"]),
        .target(name: "LockstepDistributed", dependencies: ["LockstepLearner", "LockstepComm"]),
        .target(name: "Lockstep", dependencies: ["LockstepLearner", "LockstepDistributed"]),
        .target(name: "LockstepTesting", dependencies: ["Lockstep"]),

        // MARK: Tools
        .target(name: "LockstepBench", dependencies: ["Lockstep"]),
        .executableTarget(
            name: "lockstep-cli",
            dependencies: [
                "Lockstep", "LockstepBench",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        .executableTarget(name: "digits", dependencies: ["Lockstep"], path: "Sources/Examples/digits"),
        .executableTarget(
            name: "lockstep-rank-tests", dependencies: ["Lockstep", "LockstepTesting", "CMPI"],
            path: "Sources/RankTests"),

        // MARK: Tests
        .testTarget(
            name: "LockstepTensorTests", dependencies: ["LockstepTensor", "LockstepTesting", "CLockstepKernels"]),
        .testTarget(name: "LockstepCommTests", dependencies: ["LockstepComm", "LockstepTesting"]),
        .testTarget(name: "LockstepNNTests", dependencies: ["LockstepNN", "LockstepTesting"]),
        .testTarget(name: "LockstepOptimTests", dependencies: ["LockstepOptim", "LockstepTesting"]),
        .testTarget(name: "LockstepDataTests", dependencies: ["LockstepData", "LockstepTesting"]),
        .testTarget(name: "LockstepLearnerTests", dependencies: ["LockstepLearner", "LockstepTesting"]),
        .testTarget(name: "LockstepDistributedTests", dependencies: ["LockstepDistributed", "LockstepTesting"]),
        .testTarget(name: "LockstepCommandTests", dependencies: ["LockstepBench", "LockstepTesting"]),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where [.regular, .executable, .test].contains(target.type) {
    target.swiftSettings = (target.swiftSettings ?? []) + swiftSettings
}

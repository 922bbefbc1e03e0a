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

/// The commit that `lockstep --version` tells. `make dist` says it, and what it packs has the image libraries inside.
let commit = Context.environment["LOCKSTEP_COMMIT"]
func imageLibrary(_ name: String) -> LinkerSetting { .linkedLibrary(commit == nil ? name : ":lib\(name).a") }

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),  // SE-0335: write `any`
    .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444: import what you use
    .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409: C modules stay out of our interface
]

// Unsafe flags reach packages that depend on a version of this one: SwiftPM allows it from tools version 6.2 on, and
// `make test-dependent` builds such a package.

/// Kernels are compiled at -O3 in debug builds too: at -O0 a debugging session would train 30 times slower.
/// No -march: the instruction set is chosen at run time, function by function.
let kernelFlags: [CSetting] = [
    .unsafeFlags(["-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast-honor-pragmas"])
]

// A target names every module whose types it uses, also those it gets through another: the build compiles it again when one
// of the named modules changes, and only then.
let learnerParts: [Target.Dependency] = ["LockstepTensor", "LockstepNN", "LockstepOptim", "LockstepData"]
let libraryParts: [Target.Dependency] =
    learnerParts + [
        "LockstepComm", "LockstepModels", "LockstepLearner", "LockstepTransfer", "LockstepONNX",
        "LockstepTensorBoard", "LockstepDistributed",
    ]
let library: [Target.Dependency] = libraryParts + ["Lockstep"]
let tested: [Target.Dependency] = library + ["LockstepTesting", "LockstepChecks"]

let package = Package(
    name: "lockstep",
    products: [
        .library(name: "Lockstep", targets: ["Lockstep"]),
        .library(name: "LockstepTesting", targets: ["LockstepTesting"]),
        .executable(name: "lockstep", targets: ["lockstep-cli"]),
    ],
    // Without these two (`--disable-default-traits`, or `traits: []` where a package names this one) nothing but Swift is needed:
    // a library for one process whose products are its own.
    traits: [
        .trait(name: "MPI", description: "Ranks in several processes, over the system's Open MPI"),
        .trait(name: "OpenBLAS", description: "Products that are not our own kernels', by the system's OpenBLAS"),
        .default(enabledTraits: ["MPI", "OpenBLAS"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    ],
    targets: [
        // MARK: C
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "COpenMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
        .target(
            name: "CLockstepKernels",
            dependencies: [.target(name: "COpenBLAS", condition: .when(traits: ["OpenBLAS"]))],
            exclude: ["LAYERS", "conv/cost_model.inc"],
            // Private headers are included by their path from here.
            cSettings: kernelFlags + [
                .headerSearchPath("."), .define("LSK_OPENBLAS", .when(traits: ["OpenBLAS"])),
            ] + (hasOneDNN ? [.define("LSK_ONEDNN")] : []),
            linkerSettings: [.linkedLibrary("m")] + (hasOneDNN ? [.linkedLibrary("dnnl")] : [])),
        .target(
            name: "CImageCodecs",
            cSettings: (hasPNG ? [.define("LSI_PNG")] : []) + (hasJPEG ? [.define("LSI_JPEG")] : []),
            linkerSettings: (hasPNG ? [imageLibrary("png")] : []) + (hasJPEG ? [imageLibrary("jpeg")] : [])),
        // Products are rounded before they are added: a sum has the same bits whoever reduces it, on whatever processor.
        .target(
            name: "CMPI", dependencies: [.target(name: "COpenMPI", condition: .when(traits: ["MPI"]))],
            cSettings: kernelFlags + [.unsafeFlags(["-ffp-contract=off"]), .define("CMPI_MPI", .when(traits: ["MPI"]))]),

        // MARK: Library
        .target(name: "LockstepTensor", dependencies: ["CLockstepKernels"]),
        .target(name: "LockstepComm", dependencies: ["CMPI"]),
        .target(name: "LockstepNN", dependencies: ["LockstepTensor"]),
        .target(name: "LockstepOptim", dependencies: ["LockstepTensor", "CLockstepKernels"]),
        .target(
            name: "LockstepData", dependencies: ["LockstepTensor", "CLockstepKernels", "CZlib", "CImageCodecs"],
            resources: [.embedInCode("Digits/digits.csv.gz"), .embedInCode("Text/Pretrained/unicode.txt.gz")]),
        .target(name: "LockstepModels", dependencies: ["LockstepTensor", "LockstepNN", "LockstepData"]),
        .target(name: "LockstepLearner", dependencies: learnerParts + ["LockstepModels"]),
        .target(name: "LockstepTransfer", dependencies: learnerParts + ["LockstepModels", "LockstepLearner"]),
        // Files of other programs, whose messages are generated code.
        .target(
            name: "LockstepONNX",
            dependencies: learnerParts + [
                "LockstepModels", "LockstepLearner", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["Proto/onnx.proto"]),
        .target(
            name: "LockstepTensorBoard",
            dependencies: learnerParts + [
                "LockstepLearner", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["Proto/tensorboard.proto"]),
        .target(name: "LockstepDistributed", dependencies: learnerParts + ["LockstepLearner", "LockstepComm"]),
        .target(name: "Lockstep", dependencies: libraryParts),
        .target(name: "LockstepTesting", dependencies: library),
        // What the tests of this package share, and no product: checks that run on one rank, on threads and under mpirun.
        .target(name: "LockstepChecks", dependencies: library + ["LockstepTesting", "LockstepInspect"]),

        // MARK: Tools
        .target(name: "LockstepBench", dependencies: library + ["CLockstepKernels"]),
        .target(name: "LockstepInspect", dependencies: ["LockstepData", "LockstepLearner"]),
        // HTTP alone: it knows no model and no run.
        .target(
            name: "LockstepHTTP",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),
        .target(
            name: "CLockstepCommand", dependencies: ["CMPI"],
            cSettings: commit.map { [.define("LOCKSTEP_COMMIT", to: "\"\($0)\"")] } ?? []),
        .executableTarget(
            name: "lockstep-cli",
            dependencies: library + [
                "LockstepBench", "LockstepInspect", "LockstepHTTP", "CLockstepKernels", "CLockstepCommand",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"),
            ]),
        .executableTarget(name: "digits", dependencies: library, path: "Sources/Examples/digits"),
        .executableTarget(
            name: "lockstep-rank-tests", dependencies: tested + ["CMPI"], path: "Sources/RankTests"),
        .target(name: "LockstepConfigurations", dependencies: tested),
        .executableTarget(
            name: "lockstep-configurations", dependencies: ["LockstepConfigurations"],
            path: "Sources/ConfigurationTests"),

        // MARK: Tests
        .testTarget(name: "LockstepTensorTests", dependencies: tested + ["CLockstepKernels"]),
        .testTarget(name: "LockstepCommTests", dependencies: tested + ["CMPI"]),
        .testTarget(name: "LockstepNNTests", dependencies: tested),
        .testTarget(name: "LockstepOptimTests", dependencies: tested),
        .testTarget(name: "LockstepDataTests", dependencies: tested),
        .testTarget(name: "LockstepModelsTests", dependencies: tested),
        .testTarget(name: "LockstepLearnerTests", dependencies: tested),
        .testTarget(name: "LockstepTransferTests", dependencies: tested),
        .testTarget(name: "LockstepONNXTests", dependencies: tested),
        .testTarget(
            name: "LockstepTensorBoardTests",
            dependencies: tested + [.product(name: "SwiftProtobuf", package: "swift-protobuf")]),
        .testTarget(name: "LockstepDistributedTests", dependencies: tested),
        .testTarget(
            name: "LockstepCommandTests",
            dependencies: tested + [
                "LockstepBench", "LockstepInspect", "CLockstepKernels", .product(name: "Yams", package: "Yams"),
            ]),
        .testTarget(
            name: "LockstepConfigurationsTests", dependencies: tested + ["LockstepConfigurations"],
            exclude: ["corners.txt"]),
    ],
    swiftLanguageModes: [.v6]
)

// `make test-one MODULE=LockstepOptim`: the tests of the other modules are not there, so nobody builds them.
if let module = Context.environment["LOCKSTEP_TEST_ONLY"] {
    package.targets.removeAll { $0.type == .test && $0.name != module + "Tests" }
}

// `make fuzz`: the readers under libFuzzer and the address sanitizer, built in a folder of their own.
if Context.environment["LOCKSTEP_FUZZ"] != nil {
    for target in package.targets where target.type == .regular {
        target.swiftSettings = [.unsafeFlags(["-sanitize=fuzzer"])]
        target.cSettings = (target.cSettings ?? []) + [.unsafeFlags(["-fsanitize=fuzzer-no-link"])]
    }
    package.targets.append(
        .executableTarget(
            name: "lockstep-fuzz", dependencies: ["LockstepChecks"], path: "Sources/Fuzz",
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]))
}

for target in package.targets where [.regular, .executable, .test].contains(target.type) {
    target.swiftSettings = (target.swiftSettings ?? []) + swiftSettings
}

// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// The examples as a package of their own: swift run -c release --package-path docs/examples table

import PackageDescription

let names = ["callback", "images", "mlx", "recommender", "segmentation", "table", "texts", "timeseries"]

let package = Package(
    name: "examples",
    dependencies: [.package(name: "lockstep", path: "../..")],
    targets: names.map { name in
        .executableTarget(
            name: name, dependencies: [.product(name: "Lockstep", package: "lockstep")], path: name)
    })

// SPDX-License-Identifier: Apache-2.0
// Everything the doctor knows, as JSON or as lines for a person.

import Foundation
import Lockstep

/// The state of this machine.
struct DoctorReport: Codable {
    var lockstep = LockstepVersion.current
    var swift = MachineFacts.swift
    var system = MachineFacts.system
    var processor = MachineFacts.processor
    var features: [String]
    /// Cores this process may run on.
    var cores = Launcher.usableCores
    /// Threads of each rank unless told otherwise.
    var threadsPerRank: Int
    /// Whether float32 products run on our own kernels.
    var ownProducts: Bool
    var blas: Blas
    var oneDNN = MachineFacts.hasOneDNN
    var convolutions = ConvolutionEngine.identity
    var mpi: MPI
    var sharedMemory = MachineFacts.sharedMemory
    var advice: [String] = []

    struct Blas: Codable {
        var library: String
        var coreFound: String
        var coreChosen: String
        var reselected: Bool
        var reason: String
    }

    struct MPI: Codable {
        var mpirun: String?
        /// How this process was started.
        var launcher: String
        var transport: TransportFacts
    }

    init(_ transport: TransportFacts) {
        let report = ProcessorReport.current
        (features, threadsPerRank, ownProducts) = (report.features, report.threadsPerRank, report.usesOwnProducts)
        blas = Blas(
            library: report.library, coreFound: report.coreFound, coreChosen: report.coreChosen,
            reselected: report.isReselected, reason: report.reason)
        mpi = MPI(mpirun: Launcher.path(of: "mpirun"), launcher: MachineFacts.launcher, transport: transport)
        if !oneDNN, !ownProducts {
            advice.append(
                "convolutions of many channels are faster with oneDNN: apt-get install libdnnl-dev, then build again")
        }
        if let problem = transport.problem { advice.append(problem) }
        if transport.problem == nil, !transport.sharedWindowWorks {
            advice.append(
                "ranks cannot share memory: gradients are staged or sent; look at \(sharedMemory.directory) and its size"
            )
        }
        if sharedMemory.freeMebibytes >= 0, sharedMemory.freeMebibytes < 256 {
            advice.append(
                "\(sharedMemory.directory) has \(sharedMemory.freeMebibytes) MiB left; gradients of all ranks of a node must fit (Docker: --shm-size=1g)"
            )
        }
    }

    /// Indented, keys in alphabetical order.
    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    /// One fact a line.
    var text: String {
        let transport = mpi.transport
        let library = transport.library.map { $0.split(separator: ",").first.map(String.init) ?? $0 }
        var lines = [
            ("lockstep", lockstep), ("swift", swift), ("system", system), ("processor", processor),
            ("features", features.joined(separator: " ")), ("cores", "\(cores)"),
            ("threads per rank", "\(threadsPerRank)"),
            ("blas", blas.library), ("blas core", "\(blas.coreChosen): \(blas.reason)"),
            ("products", ProcessorReport.current.products),
            ("oneDNN", oneDNN ? "yes" : "no: \(ownProducts ? "our own kernels do" : "products do") the convolutions"),
            ("convolutions", "engine by \(convolutions)"),
            ("mpirun", mpi.mpirun ?? "not found"),
            ("mpi", library ?? "unknown"), ("launcher", mpi.launcher),
        ]
        if transport.problem == nil {
            lines.append(
                (
                    "ranks",
                    "\(transport.ranks) on \(transport.nodes) node\(transport.nodes == 1 ? "" : "s") reach each other; "
                        + "an agreement takes \(decimals(Double(transport.agreementNanoseconds) / 1000, 2)) µs"
                ))
            lines.append(
                ("shared window", transport.sharedWindowWorks ? "works: \(transport.sharedMemory)" : "does not work"))
            if let latency = transport.latency, let rate = transport.bytesPerSecond {
                lines.append(("network", "\(LinkSpeed(latency: latency, bytesPerSecond: rate))"))
            }
        }
        let free = sharedMemory.freeMebibytes
        lines.append((sharedMemory.directory, free < 0 ? "not there" : "\(free) MiB free"))
        let width = lines.map(\.0.count).max() ?? 0
        let facts = lines.map { $0.0.padding(toLength: width + 2, withPad: " ", startingAt: 0) + $0.1 }
        return (facts + advice.map { "→ \($0)" }).joined(separator: "\n")
    }
}

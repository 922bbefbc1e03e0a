// SPDX-License-Identifier: Apache-2.0
// The networks for folders of images: the command's own small ones, and known ones with weights from files.

import ArgumentParser
import Lockstep

/// A network for coloured images.
enum ImageNetwork: Sendable {
    case own(ImageModel)
    case known(VisionArchitecture)

    /// The names that there are.
    static let names = ImageModel.allCases.map(\.rawValue) + VisionArchitecture.all.map(\.name)

    init?(name: String) {
        if let own = ImageModel(rawValue: name) {
            self = .own(own)
        } else if let architecture = VisionArchitecture(named: name) {
            self = .known(architecture)
        } else {
            return nil
        }
    }

    var name: String {
        switch self {
        case .own(let model): model.rawValue
        case .known(let architecture): architecture.name
        }
    }

    /// The known network; nil for one of the command's own.
    var architecture: VisionArchitecture? {
        if case .known(let architecture) = self { architecture } else { nil }
    }
}

extension ImageNetwork: Equatable {
    static func == (a: ImageNetwork, b: ImageNetwork) -> Bool { a.name == b.name }
}

extension ImageNetwork: ExpressibleByArgument {
    init?(argument: String) { self.init(name: argument) }
    static var allValueStrings: [String] { names }
    var defaultValueDescription: String { name }
}

extension ImageNetwork: SettingValue {
    init(_ scalar: SettingScalar) throws {
        guard case .word(let name) = scalar, let network = ImageNetwork(name: name) else {
            throw SettingProblem(text: "must be one of " + ImageNetwork.names.joined(separator: ", "))
        }
        self = network
    }
    var scalar: SettingScalar { .word(name) }
}

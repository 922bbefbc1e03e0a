// SPDX-License-Identifier: Apache-2.0
// Configurations at random, written as text, and made small.

import Foundation
import LockstepConfigurations
import Testing

@Suite("Configurations at random")
struct GeneratorTests {
    private func draw(_ count: Int, seed: UInt64) -> [Configuration] {
        var generator = ConfigurationGenerator(seed: seed)
        return (0..<count).map { _ in generator.next() }
    }

    @Test("the same seed draws the same configurations, another one others")
    func seeds() {
        #expect(draw(50, seed: 3) == draw(50, seed: 3))
        #expect(draw(50, seed: 3) != draw(50, seed: 4))
    }

    @Test("two thousand draws reach every value of every option")
    func coverage() {
        let drawn = draw(2000, seed: 1)
        for option in Option.all {
            let reached = Set(drawn.map { $0[option.name] })
            #expect(reached == Set(option.values), "\(option.name)")
        }
    }

    @Test("a configuration is one line that is read back")
    func lines() throws {
        for configuration in draw(200, seed: 5) {
            #expect(!configuration.description.contains("\n"))
            #expect(try Configuration(line: configuration.description) == configuration)
        }
        #expect(Configuration().description == "{}")
    }

    @Test("what is no option or no value is refused by name")
    func refusals() {
        #expect { try Configuration(line: "{\"colour\":\"red\"}") } throws: { "\($0)".contains("colour") }
        #expect { try Configuration(line: "{\"items\":\"many\"}") } throws: { "\($0)".contains("many") }
        #expect { try Configuration(line: "items") } throws: { "\($0)".contains("no configuration") }
    }

    @Test("every corner that is kept is a configuration that can be run, once")
    func corners() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "corners.txt").path
        let corners = try Corners.read(path)
        #expect(corners.count > 50 && Set(corners).count == corners.count)
        for corner in corners { #expect(corner.conflict == nil, "\(corner)") }
        #expect { try Corners.read(#filePath) } throws: { "\($0)".contains("GeneratorTests.swift:1:") }
        #expect { try Corners.read("/no/such/file") } throws: { "\($0)".contains("cannot be read") }
    }

    @Test("the shrinker finds the smallest configuration with a planted failure")
    func shrinking() {
        var found = 0
        for configuration in draw(400, seed: 2) {
            func fails(_ candidate: Configuration) -> Bool {
                candidate["shuffle"] == "yes" && (Int(candidate["items"]) ?? 0) >= 11
            }
            guard fails(configuration) else { continue }
            found += 1
            let smallest = Shrinker(limit: 200, fails: fails).smallest(of: configuration)
            #expect(smallest.description == "{\"items\":\"11\",\"shuffle\":\"yes\"}")
        }
        #expect(found > 10)
    }

    @Test("the shrinker stops at its limit and keeps what fails")
    func limit() {
        for configuration in draw(20, seed: 6) {
            var tries = 0
            let smallest = Shrinker(limit: 5) { candidate in
                tries += 1
                return candidate["seed"] == configuration["seed"]
            }.smallest(of: configuration)
            #expect(tries <= 5 && smallest["seed"] == configuration["seed"])
        }
    }
}

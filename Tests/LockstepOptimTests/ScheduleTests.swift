// SPDX-License-Identifier: Apache-2.0
// The schedule tables of the behaviour contract.
import LockstepOptim
import Testing

@Suite("Schedules") struct ScheduleTests {
    static let table: [(String, Schedule, [Double])] = [
        ("linear", .linear(0.1, 1), [0.1, 0.325, 0.55, 0.775, 1]),
        ("cosine", .cosine(0.1, 1), [0.1, 0.2318020, 0.55, 0.8681981, 1]),
        ("constant", .constant(0.1), [0.1, 0.1, 0.1, 0.1, 0.1]),
        ("exponential", .exponential(0.1, 1), [0.1, 0.1778279, 0.3162278, 0.5623413, 1]),
        ("polynomial", .polynomial(0.1, 1, power: 2), [0.1, 0.15625, 0.325, 0.60625, 1]),
    ]

    @Test("[SCH-01] five curves at five positions")
    func curves() {
        for (name, schedule, expected) in Self.table {
            for (position, value) in zip([0, 0.25, 0.5, 0.75, 1], expected) {
                #expect(abs(schedule(position) - value) < 1e-6, "\(name) at \(position)")
            }
        }
    }

    @Test("[SCH-02] combined cosines, boundaries included")
    func combined() throws {
        let schedule = Schedule.combinedCosine(0.25, 0.1, 1, 0.01)
        for (position, value) in [
            (0, 0.1), (0.1, 0.4109424), (0.25, 1), (0.5, 0.7525), (0.75, 0.2575), (0.9, 0.0527951), (1, 0.01),
        ] {
            #expect(abs(schedule(position) - value) < 1e-6)
        }
        #expect(Schedule.combinedCosine(1, 0.1, 1, 0.01)(1) == 1)
        let line = try Schedule.combined([(0.3, .constant(5)), (0.7, .linear(1, 0))])
        #expect(line(0.3) == 1 && abs(line(1.2) + 0.2857142857) < 1e-6 && line(-1) == 5)
    }

    @Test("[SCH-03] fractions must sum to 1, within rounding")
    func fractions() throws {
        _ = try Schedule.combined(Array(repeating: (0.1, .constant(1)), count: 10))
        #expect(throws: OptimizerError.self) { try Schedule.combined([(0.5, .constant(1)), (0.4, .constant(1))]) }
    }
}

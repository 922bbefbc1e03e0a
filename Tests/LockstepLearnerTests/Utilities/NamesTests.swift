// SPDX-License-Identifier: Apache-2.0
// Names, times and replaced properties.

import LockstepLearner
import LockstepTesting
import Testing

@Suite("Small helpers")
struct NamesTests {
    final class Box {
        var value = 42
    }
    struct Oops: Error {}

    @Test("[UTIL-01] [S01] a property is replaced for a scope, also when the body throws")
    func replaced() throws {
        let box = Box()
        #expect(replacing(\.value, on: box, with: 32) { box.value } == 32)
        #expect(box.value == 42)
        #expect(throws: Oops.self) { try replacing(\.value, on: box, with: 32) { throw Oops() } }
        #expect(box.value == 42)
    }

    @Test("[UTIL-02] nested replacements unwind in reverse")
    func nested() {
        let box = Box()
        replacing(\.value, on: box, with: 1) {
            replacing(\.value, on: box, with: 2) { #expect(box.value == 2) }
            #expect(box.value == 1)
        }
        #expect(box.value == 42)
    }

    class MixedPrecision: Callback {}
    class LRFinder: Callback {}
    class CSVLogger: Callback {}
    class ReduceLROnPlateau: Callback {}
    class TerminateOnNaNCallback: Callback {}
    class Stage2Callback: Callback {}

    @Test("[UTIL-03] class names become attribute names")
    func snakeCase() {
        #expect(MixedPrecision().name == "mixed_precision")
        #expect(LRFinder().name == "lr_finder")
        #expect(CSVLogger().name == "csv_logger")
        #expect(ReduceLROnPlateau().name == "reduce_lr_on_plateau")
        #expect(TerminateOnNaNCallback().name == "terminate_on_nan")
        #expect(Callback().name == "callback")
        #expect(Stage2Callback().name == "stage2")
        #expect(TrainEvalCallback().name == "train_eval")
        #expect(Recorder().name == "recorder" && ProgressCallback().name == "progress")
    }

    @Test(
        "[§1] durations",
        arguments: [(0.9, "00:00"), (5, "00:05"), (65, "01:05"), (3665, "1:01:05"), (36000, "10:00:00")])
    func times(_ seconds: Double, _ text: String) { #expect(formatTime(seconds) == text) }
}

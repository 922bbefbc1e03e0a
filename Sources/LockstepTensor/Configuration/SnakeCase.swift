// SPDX-License-Identifier: Apache-2.0
// Snake-cased names of types, as fastai prints them.

/// `typeName` without a trailing `suffix`, in snake case: `TrainEvalCallback` → `train_eval`, `CSVLogger` → `csv_logger`,
/// `TerminateOnNaNCallback` → `terminate_on_nan`. A name that is nothing but the suffix keeps it.
package func snakeCaseName(_ typeName: String, dropping suffix: String = "") -> String {
    var name = typeName.split(separator: "<").first.map(String.init) ?? typeName
    if name.hasSuffix(suffix), name.count > suffix.count { name.removeLast(suffix.count) }
    return snakeCase(name)
}

/// Words are told apart by a lower-case letter or digit before a capital, and by the last capital before a lower-case
/// letter; `NaN` is one word.
package func snakeCase(_ name: String) -> String {
    let letters = Array(name.replacing("NaN", with: "Nan"))
    var result = ""
    for (index, letter) in letters.enumerated() {
        if letter.isUppercase, index > 0, letters[index - 1] != "_" {
            let previous = letters[index - 1]
            let endsAcronym = previous.isUppercase && index + 1 < letters.count && letters[index + 1].isLowercase
            if !previous.isUppercase || endsAcronym { result += "_" }
        }
        result += letter.lowercased()
    }
    return result
}

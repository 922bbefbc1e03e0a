// SPDX-License-Identifier: Apache-2.0
// exp, logarithm and roots of doubles, from the C library.

import Glibc

func exponential(_ x: Double) -> Double { exp(x) }

/// The natural logarithm.
func logarithm(_ x: Double) -> Double { log(x) }

/// The positive root of order `n`.
func root(_ x: Double, _ n: Int) -> Double { pow(x, 1 / Double(n)) }

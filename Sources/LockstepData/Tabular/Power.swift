// SPDX-License-Identifier: Apache-2.0
// The one function of the C mathematics library that this module needs.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

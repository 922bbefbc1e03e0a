// SPDX-License-Identifier: Apache-2.0
// A case as a word of the command line.

public import ArgumentParser
public import LockstepBench

extension BenchmarkCase: ExpressibleByArgument {}

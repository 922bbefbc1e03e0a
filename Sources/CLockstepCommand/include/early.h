// SPDX-License-Identifier: Apache-2.0
// What the command does before Swift starts.
#pragma once

// Nothing to call: a program that is linked with it watches for signals that ask for an end, if its first word is `train`, `launch` or `sweep`.

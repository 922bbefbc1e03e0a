// SPDX-License-Identifier: Apache-2.0
// Brings OpenBLAS in for C and Swift.
#include <cblas.h>

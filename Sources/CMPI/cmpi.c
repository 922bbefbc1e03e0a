// SPDX-License-Identifier: Apache-2.0
// Keeps the target non-empty.
#include "CMPI.h"

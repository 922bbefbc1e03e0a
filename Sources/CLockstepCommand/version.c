// SPDX-License-Identifier: Apache-2.0
// The commit that a package was built from.
#include "version.h"

#ifndef LOCKSTEP_COMMIT
#define LOCKSTEP_COMMIT ""
#endif

const char *lsc_commit(void) { return LOCKSTEP_COMMIT; }

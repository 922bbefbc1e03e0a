// SPDX-License-Identifier: Apache-2.0
// Which state of the sources a program was built from.
#pragma once

// The commit, as whoever built a package to be given away has said (LOCKSTEP_COMMIT); empty otherwise.
const char *lsc_commit(void);

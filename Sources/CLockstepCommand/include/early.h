// SPDX-License-Identifier: Apache-2.0
// What the command does before Swift starts.
#pragma once

/// Whether signals that ask for an end are watched since the program was loaded: `lockstep train` does.
int lockstep_watches_from_the_start(void);

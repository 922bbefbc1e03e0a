// SPDX-License-Identifier: Apache-2.0
// Writing out what standard output still holds.
#include "lsk_output.h"

#include <stdio.h>

void lsk_flush_output(void) {
    if (ftrylockfile(stdout) != 0) return;
    fflush(stdout);
    funlockfile(stdout);
}

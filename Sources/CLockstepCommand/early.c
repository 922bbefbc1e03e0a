// SPDX-License-Identifier: Apache-2.0
// What the command does before Swift starts: from its first milliseconds on, a request to stop is a note and no death.
#include "early.h"

#include <string.h>

#include "cmpi_signals.h"

// A constructor because reading the command line takes longer than a batch system's signal: glibc hands it the words.
__attribute__((constructor)) static void watch_from_the_start(int count, char **words) {
    if (count < 2 || !words[1] || (strcmp(words[1], "train") != 0 && strcmp(words[1], "launch") != 0)) return;
    cmpi_watch_signals();
}

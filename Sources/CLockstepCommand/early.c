// SPDX-License-Identifier: Apache-2.0
// What the command does before Swift starts: from its first milliseconds on, a request to stop is a note and no death.
#include "early.h"

#include <string.h>

#include "cmpi_signals.h"

// A constructor because reading the command line takes longer than a batch system's signal: glibc hands it the words.
__attribute__((constructor)) static void watch_from_the_start(int count, char **words) {
    static const char *const watching[] = {"train", "launch", "sweep"};
    for (size_t i = 0; count > 1 && words[1] && i < sizeof watching / sizeof *watching; i++) {
        if (strcmp(words[1], watching[i]) == 0) cmpi_watch_signals();
    }
}

// SPDX-License-Identifier: Apache-2.0
// The end of a process whose kernel got an element type it has no loop for: a sentence, and then the end.
#include "lsk_types.h"
#include <stdio.h>
#include <stdlib.h>

void lsk_unsupported(const char *kernel, lsk_dtype dtype) {
    static const char *const names[] = {"float32", "float64", "int32", "int64", "uint8", "bool", "bfloat16"};
    const char *name = dtype <= LSK_BFLOAT16 ? names[dtype] : "an unknown type";
    fprintf(stderr,
            "Lockstep: %s has no kernel for elements of %s; convert the tensor first, for example with to(.float32)\n",
            kernel, name);
    fflush(stderr);
    abort();
}

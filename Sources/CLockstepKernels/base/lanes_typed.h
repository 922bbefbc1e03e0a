// SPDX-License-Identifier: Apache-2.0
// Sixteen numbers of one element type side by side; included once per type with REAL and NAME defined.

typedef REAL NAME(lanes) __attribute__((vector_size(LANES * sizeof(REAL)), aligned(sizeof(REAL))));

/// Their sum, half onto half: one after another, sixteen additions would wait for each other at the end of every row.
/// By address: the calling convention for vectors differs by processor.
LSK_INLINE REAL NAME(total)(const NAME(lanes) * v) {
    REAL h[8], q[4];
    for (int i = 0; i < 8; i++) h[i] = (*v)[i] + (*v)[i + 8];
    for (int i = 0; i < 4; i++) q[i] = h[i] + h[i + 4];
    return (q[0] + q[2]) + (q[1] + q[3]);
}

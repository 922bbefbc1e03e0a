// SPDX-License-Identifier: Apache-2.0
// What a program has printed, before it ends without the C library's handlers.
#pragma once

/// Writes out what standard output still holds, unless another thread is in the middle of printing.
void lsk_flush_output(void);

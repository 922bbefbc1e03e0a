// SPDX-License-Identifier: Apache-2.0
// Storage of the per-thread modes.
#include "lsk_mode.h"
_Thread_local int32_t lsk_no_grad_depth = 0;
_Thread_local uint64_t lsk_node_clock = 0;
_Thread_local int32_t lsk_autocast_mode = 0;

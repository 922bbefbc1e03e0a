// SPDX-License-Identifier: Apache-2.0
// Per-thread modes that every operation reads: whether to record, and the clock that orders graph nodes.
#pragma once
#include <stdint.h>

extern _Thread_local int32_t lsk_no_grad_depth;
extern _Thread_local uint64_t lsk_node_clock;
/// What matrix products round to: 0 nothing, 1 half, 2 bfloat16.
extern _Thread_local int32_t lsk_autocast_mode;

static inline int32_t lsk_autocast(void) { return lsk_autocast_mode; }
static inline void lsk_set_autocast(int32_t mode) { lsk_autocast_mode = mode; }
static inline int lsk_is_recording(void) { return lsk_no_grad_depth == 0; }
static inline void lsk_enter_no_grad(void) { lsk_no_grad_depth += 1; }
static inline void lsk_leave_no_grad(void) { lsk_no_grad_depth -= 1; }
static inline uint64_t lsk_next_node_number(void) { return ++lsk_node_clock; }

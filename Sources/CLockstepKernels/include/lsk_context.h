// SPDX-License-Identifier: Apache-2.0
// How the calling thread computes: everything that an operation or a kernel reads of its surroundings, in one structure.
#pragma once
#include "lsk_types.h"

/// The place in training that dropout masks are a function of.
typedef struct lsk_dropout_position {
    uint64_t seed;
    int64_t step, first_item;
    int64_t item_count;  ///< items in the batch plus 1; 0: not said
    int64_t calls;  ///< dropouts drawn since the position was set
} lsk_dropout_position;

/// A generator of random numbers between two draws.
typedef struct lsk_generator {
    uint64_t seed, stream, counter, spare;
    int32_t has_spare;
    int32_t is_set;  ///< 0: nobody has drawn from it or set it
} lsk_generator;

/// One for each thread; a new thread's is all zeros. Scopes change fields and put them back, on the same thread.
typedef struct lsk_context {
    int32_t no_grad_depth;  ///< operations are recorded while it is 0
    int32_t precision;  ///< what products round to: 0 nothing, 1 half, 2 bfloat16
    int32_t threads;  ///< how many a kernel may use; 0: as lsk_get_default_threads says
    int32_t convolution_engine;  ///< an lsk_convolution_engine; 0: as the environment says
    uint64_t node_clock;  ///< orders the nodes of the graph
    void *_Nullable listener;  ///< who hears of data that an operation cannot use
    lsk_dropout_position dropout;
    lsk_generator initialization;
    lsk_generator own;  ///< of random numbers that are drawn without a generator
} lsk_context;

extern _Thread_local lsk_context lsk_thread_context;
static inline lsk_context *_Nonnull lsk_current_context(void) { return &lsk_thread_context; }

static inline int32_t lsk_precision(void) { return lsk_thread_context.precision; }
static inline int lsk_is_recording(void) { return lsk_thread_context.no_grad_depth == 0; }
static inline uint64_t lsk_next_node_number(void) { return ++lsk_thread_context.node_clock; }

/// How many threads a kernel may use that the calling thread runs, itself among them.
int32_t lsk_get_threads(void);
/// The same for threads whose context does not say; 1 unless set. For the whole process.
int32_t lsk_get_default_threads(void);
void lsk_set_default_threads(int32_t count);

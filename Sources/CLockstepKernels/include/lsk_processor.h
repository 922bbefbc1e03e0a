// SPDX-License-Identifier: Apache-2.0
// Which instructions the processor has and which kernels OpenBLAS was made to use.
#pragma once
#include "lsk_types.h"

enum { LSK_HAS_AVX2 = 1, LSK_HAS_FMA = 2, LSK_HAS_AVX512 = 4, LSK_HAS_AVX512_BF16 = 8, LSK_HAS_AVX512_VNNI = 16 };

/// Why OpenBLAS runs the kernels it runs.
typedef enum lsk_core_reason {
    LSK_CORE_HAS_AVX512 = 0,   ///< the library's own choice uses AVX-512
    LSK_CORE_NO_AVX512,        ///< the processor has no AVX-512: the library's choice stands
    LSK_CORE_USER,             ///< OPENBLAS_CORETYPE was set by the user
    LSK_CORE_FIXED,            ///< the library was built for one processor and cannot select again
    LSK_CORE_RESELECTED,       ///< selected again, as SkylakeX
    LSK_CORE_REFUSED,          ///< selecting again was tried and the library did not follow
    LSK_CORE_NO_LIBRARY,       ///< OpenBLAS is not built in
} lsk_core_reason;

typedef struct lsk_processor_report {
    int32_t features;
    char core_found[32];
    char core_chosen[32];
    lsk_core_reason reason;
} lsk_processor_report;

/// What was found and decided when the program was loaded, before the first product.
lsk_processor_report lsk_get_processor_report(void);
/// The description OpenBLAS gives of its own build.
const char *_Nonnull lsk_blas_configuration(void);
/// What to do about `core`: the rule alone, without doing it. LSK_CORE_RESELECTED means "select again".
lsk_core_reason lsk_judge_core(const char *_Nonnull core, int32_t features, const char *_Nullable user_choice,
                               int32_t can_reselect);
/// Makes OpenBLAS use the kernels of `core`; 0 when it cannot select again. Only while the program has one thread.
int32_t lsk_select_core(const char *_Nonnull core);
/// Whether float32 products run on our own AVX-512 kernels: the processor has it, and the variable LOCKSTEP_PRODUCTS is not
/// `openblas` or `portable`.
int32_t lsk_uses_own_products(void);
/// Whether what they leave runs on OpenBLAS: it is built in, and LOCKSTEP_PRODUCTS is not `portable`.
int32_t lsk_uses_openblas(void);
/// Chooses again, as LOCKSTEP_PRODUCTS=`wanted` would. Only while the program has one thread.
void lsk_select_products(const char *_Nullable wanted);

// SPDX-License-Identifier: Apache-2.0
// What the processor has and who multiplies: OpenBLAS's AVX-512 kernels are selected where its own choice misses them, once, when the
// program is loaded.
#define _GNU_SOURCE
#include "lsk_processor.h"
#include "lsk_context.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

// Exported by libraries built for many processors (DYNAMIC_ARCH) and by no header; null elsewhere.
extern void gotoblas_dynamic_quit(void) __attribute__((weak));
extern void gotoblas_dynamic_init(void) __attribute__((weak));
extern char *openblas_get_corename(void) __attribute__((weak));
extern char *openblas_get_config(void) __attribute__((weak));
extern void openblas_set_num_threads(int count) __attribute__((weak));

#ifdef LSK_OPENBLAS
enum { LSK_HAS_OPENBLAS = 1 };
#define LSK_LIBRARY "unknown BLAS"
#else
enum { LSK_HAS_OPENBLAS = 0 };
#define LSK_LIBRARY "none"
#endif

static lsk_processor_report report;
static int32_t own_products, openblas;

static int32_t processor_features(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    int32_t features = 0;
    if (__builtin_cpu_supports("avx2")) features |= LSK_HAS_AVX2;
    if (__builtin_cpu_supports("fma")) features |= LSK_HAS_FMA;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd"))
        features |= LSK_HAS_AVX512;
    if (__builtin_cpu_supports("avx512bf16")) features |= LSK_HAS_AVX512_BF16;
    if (__builtin_cpu_supports("avx512vnni")) features |= LSK_HAS_AVX512_VNNI;
    return features;
#else
    return 0;
#endif
}

static int uses_avx512(const char *core) {
    static const char *const names[] = {"SkylakeX", "Cooperlake", "SapphireRapids", "Sapphire Rapids"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(core, names[i]) == 0) return 1;
    return 0;
}

lsk_core_reason lsk_judge_core(const char *core, int32_t features, const char *user_choice, int32_t can_reselect) {
    if (user_choice && *user_choice) return LSK_CORE_USER;
    if (!(features & LSK_HAS_AVX512)) return LSK_CORE_NO_AVX512;
    if (uses_avx512(core)) return LSK_CORE_HAS_AVX512;
    return can_reselect ? LSK_CORE_RESELECTED : LSK_CORE_FIXED;
}

static void copy_core_name(char *into) {
    const char *name = openblas_get_corename ? openblas_get_corename() : LSK_LIBRARY;
    strncpy(into, name, 31);
    into[31] = 0;
}

int32_t lsk_select_core(const char *core) {
    if (!gotoblas_dynamic_quit || !gotoblas_dynamic_init || !openblas_get_corename) return 0;
    // In an environment of its own: setenv may move the process's, from which a statically linked Swift finds its command line.
    char **before = environ, word[64];
    size_t count = 0;
    while (before && before[count]) count++;
    char **own = calloc(count + 2, sizeof *own);
    if (!own) return 0;
    snprintf(word, sizeof word, "OPENBLAS_CORETYPE=%s", core);
    own[0] = word;
    if (count > 0) memcpy(own + 1, before, count * sizeof *own);
    gotoblas_dynamic_quit();
    environ = own;
    gotoblas_dynamic_init();
    environ = before;
    free(own);
    copy_core_name(report.core_chosen);
    return 1;
}

// How many threads the user wants; one where nothing is said: more cores are for more ranks.
static int32_t threads_wanted(void) {
    const char *names[] = {"LOCKSTEP_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"};
    for (int i = 0; i < 3; ++i) {
        const char *text = getenv(names[i]);
        int count = text ? atoi(text) : 0;
        if (count > 0) return count;
    }
    return 1;
}

void lsk_select_products(const char *wanted) {
    own_products = (report.features & LSK_HAS_AVX512) && (!wanted || !*wanted || strcasecmp(wanted, "own") == 0);
    openblas = LSK_HAS_OPENBLAS && !(wanted && strcasecmp(wanted, "portable") == 0);
}

// A constructor because the environment is changed, which is safe only while no other thread runs, and because the choice must
// precede every product.
__attribute__((constructor)) static void select_kernels(void) {
    report.features = processor_features();
    copy_core_name(report.core_found);
    copy_core_name(report.core_chosen);
    int can_reselect = gotoblas_dynamic_quit && gotoblas_dynamic_init && openblas_get_corename;
    report.reason = lsk_judge_core(report.core_found, report.features, getenv("OPENBLAS_CORETYPE"), can_reselect);
    if (!LSK_HAS_OPENBLAS) report.reason = LSK_CORE_NO_LIBRARY;
    if (report.reason == LSK_CORE_RESELECTED) lsk_select_core("SkylakeX");
    if (report.reason == LSK_CORE_RESELECTED && !uses_avx512(report.core_chosen)) report.reason = LSK_CORE_REFUSED;
    lsk_select_products(getenv("LOCKSTEP_PRODUCTS"));
    lsk_set_default_threads(threads_wanted());
    // Its threads spin for a long time after a product, in the way of ours, and hold for all threads of the process:
    // we cut its products ourselves (lsk_blas_sgemm, lsk_blas_dgemm).
    if (openblas_set_num_threads) openblas_set_num_threads(1);
}

lsk_processor_report lsk_get_processor_report(void) { return report; }

const char *lsk_blas_configuration(void) { return openblas_get_config ? openblas_get_config() : LSK_LIBRARY; }

int32_t lsk_uses_own_products(void) { return own_products; }

int32_t lsk_uses_openblas(void) { return openblas; }

// SPDX-License-Identifier: Apache-2.0
// Selects OpenBLAS's AVX-512 kernels where its own choice misses them, once, when the program is loaded.
#define _GNU_SOURCE
#include "lsk_processor.h"
#include "lsk_parallel.h"
#include <cblas.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// Exported by libraries built for many processors (DYNAMIC_ARCH) and by no header; null elsewhere.
extern void gotoblas_dynamic_quit(void) __attribute__((weak));
extern void gotoblas_dynamic_init(void) __attribute__((weak));
extern char *openblas_get_corename(void) __attribute__((weak));
extern char *openblas_get_config(void) __attribute__((weak));

static lsk_processor_report report;
static int32_t own_products;

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
    const char *name = openblas_get_corename ? openblas_get_corename() : "unknown";
    strncpy(into, name, 31);
    into[31] = 0;
}

int32_t lsk_select_core(const char *core) {
    if (!gotoblas_dynamic_quit || !gotoblas_dynamic_init || !openblas_get_corename) return 0;
    gotoblas_dynamic_quit();
    setenv("OPENBLAS_CORETYPE", core, 1);
    gotoblas_dynamic_init();
    unsetenv("OPENBLAS_CORETYPE");  // processes started from here decide for themselves
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

// A constructor because setenv is safe only while no other thread runs, and because the choice must precede every product.
__attribute__((constructor)) static void select_kernels(void) {
    report.features = processor_features();
    copy_core_name(report.core_found);
    copy_core_name(report.core_chosen);
    int can_reselect = gotoblas_dynamic_quit && gotoblas_dynamic_init && openblas_get_corename;
    report.reason = lsk_judge_core(report.core_found, report.features, getenv("OPENBLAS_CORETYPE"), can_reselect);
    if (report.reason == LSK_CORE_RESELECTED) lsk_select_core("SkylakeX");
    if (report.reason == LSK_CORE_RESELECTED && !uses_avx512(report.core_chosen)) report.reason = LSK_CORE_REFUSED;
    const char *wanted = getenv("LOCKSTEP_PRODUCTS");
    own_products = (report.features & LSK_HAS_AVX512) && !(wanted && strcasecmp(wanted, "openblas") == 0);
    lsk_set_compute_threads(threads_wanted());
}

lsk_processor_report lsk_get_processor_report(void) {
    lsk_processor_report now = report;
    now.threads = lsk_get_threads();
    return now;
}

const char *lsk_blas_configuration(void) { return openblas_get_config ? openblas_get_config() : "unknown BLAS"; }

int32_t lsk_uses_own_products(void) { return own_products; }

// What was asked for last, and by how many it is overruled: ranks of one process come and go in any order.
static pthread_mutex_t threads_lock = PTHREAD_MUTEX_INITIALIZER;
static int32_t threads_asked = 1, holders, blas_threads;

static void change_threads(int32_t asked, int32_t more_holders) {
    pthread_mutex_lock(&threads_lock);
    if (asked > 0) threads_asked = asked;
    holders += more_holders;
    int32_t count = holders > 0 ? 1 : threads_asked;
    lsk_set_threads(count);
    // Its threads spin for a long time after a product, in the way of ours; with our own products little is left for them.
    if (own_products) count = 1;
    if (count != blas_threads) openblas_set_num_threads(count);
    blas_threads = count;
    pthread_mutex_unlock(&threads_lock);
}

void lsk_set_compute_threads(int32_t count) { change_threads(count < 1 ? 1 : count, 0); }
void lsk_hold_one_thread(void) { change_threads(0, 1); }
void lsk_release_one_thread(void) { change_threads(0, -1); }

// SPDX-License-Identifier: Apache-2.0
// Convolution by oneDNN on channels-last images: images are never reordered, the small weights are, once per call.
// Primitives are made once per shape and thread and kept; oneDNN itself shares the generated code between threads.
// It works with one thread for each of ours, on images of its own: threads of OpenMP spin between kernels, in our way.
#define _GNU_SOURCE
#include "conv/onednn.h"
#include "lsk_memory.h"
#include "lsk_parallel.h"

#ifndef LSK_ONEDNN
int lsk_has_onednn(void) { return 0; }
lsk_library_version lsk_onednn_version(void) { return (lsk_library_version){0, 0, 0}; }
int lsk_onednn_forward(const lsk_convolution *c, const float *x, const float *w, const float *bias, float *y) {
    (void)c, (void)x, (void)w, (void)bias, (void)y;
    return 0;
}
int lsk_onednn_backward_data(const lsk_convolution *c, const float *dy, const float *w, float *dx) {
    (void)c, (void)dy, (void)w, (void)dx;
    return 0;
}
int lsk_onednn_backward_weight(const lsk_convolution *c, const float *x, const float *dy, float *dw, float beta) {
    (void)c, (void)x, (void)dy, (void)dw, (void)beta;
    return 0;
}
#else
#include "conv/weight_groups.h"
#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

int lsk_has_onednn(void) { return 1; }
lsk_library_version lsk_onednn_version(void) {
    const dnnl_version_t *v = dnnl_version();
    return (lsk_library_version){v->major, v->minor, v->patch};
}

typedef enum { FORWARD, FORWARD_BIAS, DATA, WEIGHT } direction;

/// One convolution, ready to run: `image` is x or dx, `result` y or dy, `weight` in the order oneDNN prefers.
typedef struct plan {
    struct plan *next;
    lsk_convolution shape;
    direction way;
    dnnl_primitive_t primitive, reorder;  ///< both NULL: no fast kernel. No reorder: our order is the preferred one.
    dnnl_memory_t image, result, bias, weight, packed, scratch;
    size_t packed_bytes, scratch_bytes;
} plan;

enum { LSK_PLAN_LISTS = 64, LSK_MOST_PLANS = 512 };
typedef struct plan_cache {
    plan *lists[LSK_PLAN_LISTS];
    int count;
    dnnl_stream_t stream;
} plan_cache;

static dnnl_engine_t engine;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t cache_key;
static void (*set_omp_threads)(int);

static void drop_plans(plan_cache *cache) {
    for (int i = 0; i < LSK_PLAN_LISTS; i++)
        while (cache->lists[i]) {
            plan *p = cache->lists[i];
            cache->lists[i] = p->next;
            dnnl_memory_t memories[] = {p->image, p->result, p->bias, p->weight, p->packed, p->scratch};
            for (int m = 0; m < 6; m++)
                if (memories[m]) dnnl_memory_destroy(memories[m]);
            if (p->primitive) dnnl_primitive_destroy(p->primitive);
            if (p->reorder) dnnl_primitive_destroy(p->reorder);
            free(p);
        }
    cache->count = 0;
}

static void drop_cache(void *pointer) {
    plan_cache *cache = pointer;
    drop_plans(cache);
    if (cache->stream) dnnl_stream_destroy(cache->stream);
    free(cache);
}

static void start(void) {
    if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success) engine = NULL;
    pthread_key_create(&cache_key, drop_cache);
    // Debian's library is built on OpenMP, whose thread count is a property of the calling thread.
    set_omp_threads = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads");
}

static plan_cache *own_cache(void) {
    pthread_once(&once, start);
    plan_cache *cache = pthread_getspecific(cache_key);
    if (!cache) {
        cache = calloc(1, sizeof *cache);
        if (!cache) return NULL;
        if (!engine || dnnl_stream_create(&cache->stream, engine, dnnl_stream_default_flags) != dnnl_success)
            cache->stream = NULL;
        pthread_setspecific(cache_key, cache);
    }
    return cache->stream ? cache : NULL;
}

/// The first success wins; every later call is skipped. Makes a chain of oneDNN calls readable.
#define TRY(call) (ok = ok && (call) == dnnl_success)

/// The descriptor of a convolution: weights in any order, images channels-last.
static dnnl_primitive_desc_t describe(const lsk_convolution *c, direction way, dnnl_primitive_desc_t hint) {
    dnnl_dims_t in = {c->batch, c->in_channels, c->in_height, c->in_width};
    dnnl_dims_t out = {c->batch, c->out_channels, c->out_height, c->out_width};
    dnnl_dims_t grouped = {c->groups, c->out_channels / c->groups, c->in_channels / c->groups, c->kernel_height,
                           c->kernel_width};
    dnnl_dims_t bias_dims = {c->out_channels};
    dnnl_dims_t strides = {c->stride_height, c->stride_width};
    dnnl_dims_t dilations = {c->dilation_height - 1, c->dilation_width - 1};
    dnnl_dims_t front = {c->pad_top, c->pad_left}, behind = {c->pad_bottom, c->pad_right};
    dnnl_memory_desc_t image, result, weight, bias;
    dnnl_convolution_desc_t d;
    dnnl_primitive_desc_t made = NULL;
    dnnl_primitive_attr_t attributes = NULL;
    int ok = 1, many = c->groups > 1;
    TRY(dnnl_memory_desc_init_by_tag(&image, 4, in, dnnl_f32, dnnl_nhwc));
    TRY(dnnl_memory_desc_init_by_tag(&result, 4, out, dnnl_f32, dnnl_nhwc));
    TRY(dnnl_memory_desc_init_by_tag(&weight, many ? 5 : 4, many ? grouped : grouped + 1, dnnl_f32,
                                     dnnl_format_tag_any));
    TRY(dnnl_memory_desc_init_by_tag(&bias, 1, bias_dims, dnnl_f32, dnnl_a));
    if (way == FORWARD || way == FORWARD_BIAS)
        TRY(dnnl_dilated_convolution_forward_desc_init(&d, dnnl_forward_training, dnnl_convolution_direct, &image,
                                                       &weight, way == FORWARD_BIAS ? &bias : NULL, &result, strides,
                                                       dilations, front, behind));
    else if (way == DATA)
        TRY(dnnl_dilated_convolution_backward_data_desc_init(&d, dnnl_convolution_direct, &image, &weight, &result,
                                                             strides, dilations, front, behind));
    else
        TRY(dnnl_dilated_convolution_backward_weights_desc_init(&d, dnnl_convolution_direct, &image, &weight, NULL,
                                                                &result, strides, dilations, front, behind));
    TRY(dnnl_primitive_attr_create(&attributes));
    TRY(dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user));
    TRY(dnnl_primitive_desc_create(&made, &d, attributes, engine, hint));
    if (attributes) dnnl_primitive_attr_destroy(attributes);
    return ok ? made : NULL;
}

/// Fills a plan; leaves `primitive` NULL where oneDNN has only its slow reference code.
static void prepare(plan *p) {
    const lsk_convolution *c = &p->shape;
    dnnl_primitive_desc_t hint = p->way >= DATA ? describe(c, FORWARD, NULL) : NULL;
    dnnl_primitive_desc_t made = p->way >= DATA && !hint ? NULL : describe(c, p->way, hint);
    if (hint) dnnl_primitive_desc_destroy(hint);
    if (!made) return;
    const char *name = NULL;
    dnnl_primitive_desc_query(made, dnnl_query_impl_info_str, 0, &name);
    int ok = name && !strstr(name, "ref"), many = c->groups > 1;
    dnnl_dims_t grouped = {c->groups, c->out_channels / c->groups, c->in_channels / c->groups, c->kernel_height,
                           c->kernel_width};
    dnnl_memory_desc_t ours;
    TRY(dnnl_memory_desc_init_by_tag(&ours, many ? 5 : 4, many ? grouped : grouped + 1, dnnl_f32,
                                     many ? dnnl_goihw : dnnl_oihw));
    int backward = p->way == WEIGHT;
    const dnnl_memory_desc_t *image =
        dnnl_primitive_desc_query_md(made, p->way == DATA ? dnnl_query_diff_src_md : dnnl_query_src_md, 0);
    const dnnl_memory_desc_t *result =
        dnnl_primitive_desc_query_md(made, p->way >= DATA ? dnnl_query_diff_dst_md : dnnl_query_dst_md, 0);
    const dnnl_memory_desc_t *theirs =
        dnnl_primitive_desc_query_md(made, backward ? dnnl_query_diff_weights_md : dnnl_query_weights_md, 0);
    const dnnl_memory_desc_t *scratch = dnnl_primitive_desc_query_md(made, dnnl_query_scratchpad_md, 0);
    TRY(dnnl_memory_create(&p->image, image, engine, DNNL_MEMORY_NONE));
    TRY(dnnl_memory_create(&p->result, result, engine, DNNL_MEMORY_NONE));
    TRY(dnnl_memory_create(&p->weight, &ours, engine, DNNL_MEMORY_NONE));
    TRY(dnnl_memory_create(&p->packed, theirs, engine, DNNL_MEMORY_NONE));
    TRY(dnnl_memory_create(&p->scratch, scratch, engine, DNNL_MEMORY_NONE));
    if (p->way == FORWARD_BIAS)
        TRY(dnnl_memory_create(&p->bias, dnnl_primitive_desc_query_md(made, dnnl_query_weights_md, 1), engine,
                               DNNL_MEMORY_NONE));
    p->packed_bytes = dnnl_memory_desc_get_size(theirs);
    p->scratch_bytes = dnnl_memory_desc_get_size(scratch);
    if (ok && !dnnl_memory_desc_equal(&ours, theirs)) {
        dnnl_primitive_desc_t reorder = NULL;
        TRY(dnnl_reorder_primitive_desc_create(&reorder, backward ? theirs : &ours, engine, backward ? &ours : theirs,
                                               engine, NULL));
        TRY(dnnl_primitive_create(&p->reorder, reorder));
        if (reorder) dnnl_primitive_desc_destroy(reorder);
    }
    TRY(dnnl_primitive_create(&p->primitive, made));
    dnnl_primitive_desc_destroy(made);
    if (!ok && p->primitive) {
        dnnl_primitive_destroy(p->primitive);
        p->primitive = NULL;
    }
}

/// The thread's plan for a shape; NULL when oneDNN cannot help.
static plan *plan_for(plan_cache *cache, const lsk_convolution *c, direction way) {
    uint64_t hash = (uint64_t)way * 0x9E3779B97F4A7C15u;
    const ptrdiff_t *sizes = (const ptrdiff_t *)c;
    for (size_t i = 0; i < sizeof *c / sizeof *sizes; i++) hash = (hash ^ (uint64_t)sizes[i]) * 0x100000001B3u;
    hash = (hash ^ hash >> 32) % LSK_PLAN_LISTS;
    for (plan *p = cache->lists[hash]; p; p = p->next)
        if (p->way == way && memcmp(&p->shape, c, sizeof *c) == 0) return p->primitive ? p : NULL;
    if (cache->count >= LSK_MOST_PLANS) drop_plans(cache);
    plan *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    p->shape = *c;
    p->way = way;
    if (set_omp_threads) set_omp_threads(1);
    prepare(p);
    p->next = cache->lists[hash];
    cache->lists[hash] = p;
    cache->count++;
    return p->primitive ? p : NULL;
}

static int move_weight(plan_cache *cache, plan *p, int back) {
    dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, back ? p->packed : p->weight},
                                   {DNNL_ARG_TO, back ? p->weight : p->packed}};
    return dnnl_primitive_execute(p->reorder, cache->stream, 2, arguments) == dnnl_success;
}

/// Runs a plan on images and a weight in our order; scratch memory comes from the caching allocator.
static int run(plan_cache *cache, plan *p, const void *image, const void *weight, const void *bias,
               const void *result) {
    if (set_omp_threads) set_omp_threads(1);
    int ok = 1, backward = p->way == WEIGHT;
    void *scratch = p->scratch_bytes ? lsk_allocate(p->scratch_bytes) : NULL;
    void *packed = p->reorder ? lsk_allocate(p->packed_bytes) : (void *)weight;
    TRY(dnnl_memory_set_data_handle(p->image, (void *)image));
    TRY(dnnl_memory_set_data_handle(p->result, (void *)result));
    TRY(dnnl_memory_set_data_handle(p->weight, (void *)weight));
    TRY(dnnl_memory_set_data_handle(p->packed, packed));
    TRY(dnnl_memory_set_data_handle(p->scratch, scratch));
    if (bias) TRY(dnnl_memory_set_data_handle(p->bias, (void *)bias));
    if (p->reorder && !backward) ok = ok && move_weight(cache, p, 0);
    dnnl_exec_arg_t arguments[5] = {
        {p->way == DATA ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC, p->image},
        {p->way >= DATA ? DNNL_ARG_DIFF_DST : DNNL_ARG_DST, p->result},
        {backward ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS, p->packed},
        {DNNL_ARG_SCRATCHPAD, p->scratch},
        {DNNL_ARG_BIAS, p->bias},
    };
    TRY(dnnl_primitive_execute(p->primitive, cache->stream, bias ? 5 : 4, arguments));
    if (p->reorder && backward) ok = ok && move_weight(cache, p, 1);
    TRY(dnnl_stream_wait(cache->stream));
    if (p->reorder) lsk_release(packed);
    if (scratch) lsk_release(scratch);
    return ok;
}

/// Images in, images out: shared out over the threads.
typedef struct {
    const lsk_convolution *c;
    direction way;
    const float *image, *weight, *bias, *result;
    _Atomic int failures;
} image_task;

static void some_images(void *context, ptrdiff_t begin, ptrdiff_t end) {
    image_task *t = context;
    lsk_convolution part = *t->c;
    part.batch = end - begin;
    ptrdiff_t in = part.in_channels * part.in_height * part.in_width;
    ptrdiff_t out = part.out_channels * part.out_height * part.out_width;
    plan_cache *cache = own_cache();
    plan *p = cache ? plan_for(cache, &part, t->way) : NULL;
    if (!p || !run(cache, p, t->image + begin * in, t->weight, t->bias, t->result + begin * out)) t->failures++;
}

static int all_images(image_task t) {
    if (t.c->batch < 2) some_images(&t, 0, t.c->batch);
    else lsk_parallel(t.c->batch, 1, some_images, &t);
    return t.failures == 0;
}

int lsk_onednn_forward(const lsk_convolution *c, const float *x, const float *w, const float *bias, float *y) {
    return all_images((image_task){c, bias ? FORWARD_BIAS : FORWARD, x, w, bias, y, 0});
}

int lsk_onednn_backward_data(const lsk_convolution *c, const float *dy, const float *w, float *dx) {
    return all_images((image_task){c, DATA, dx, w, NULL, dy, 0});
}

/// The weights' gradient: groups of images are shared out. Each makes its own, the first in `to`, the others in `more`.
typedef struct {
    const lsk_convolution *c;
    const float *x, *dy;
    float *to, *more;
    _Atomic int failures;
} group_task;

static ptrdiff_t weights_of(const lsk_convolution *c) {
    return c->out_channels * (c->in_channels / c->groups) * c->kernel_height * c->kernel_width;
}

static void some_groups(void *context, ptrdiff_t begin, ptrdiff_t end) {
    group_task *t = context;
    ptrdiff_t in = t->c->in_channels * t->c->in_height * t->c->in_width;
    ptrdiff_t out = t->c->out_channels * t->c->out_height * t->c->out_width;
    plan_cache *cache = own_cache();
    for (ptrdiff_t g = begin; g < end; g++) {
        ptrdiff_t image = lsk_group_start(t->c, g);
        lsk_convolution part = *t->c;
        part.batch = lsk_group_start(t->c, g + 1) - image;
        plan *p = cache ? plan_for(cache, &part, WEIGHT) : NULL;
        const float *dw = g == 0 ? t->to : t->more + (g - 1) * weights_of(t->c);
        if (!p || !run(cache, p, t->x + image * in, dw, NULL, t->dy + image * out)) t->failures++;
    }
}

int lsk_onednn_backward_weight(const lsk_convolution *c, const float *x, const float *dy, float *dw, float beta) {
    ptrdiff_t count = weights_of(c), more = lsk_weight_groups(c) - 1 + (beta != 0);
    float *room = more ? lsk_allocate((size_t)(more * count) * sizeof(float)) : NULL;
    group_task t = {c, x, dy, dw, room, 0};
    if (beta != 0) t.to = room, t.more = room + count;
    lsk_parallel(lsk_weight_groups(c), 1, some_groups, &t);
    if (t.failures == 0) {
        lsk_add_groups(count, lsk_weight_groups(c) - 1, t.to, t.more);
        if (beta != 0) lsk_add_groups(count, 1, dw, t.to);
    }
    if (room) lsk_release(room);
    return t.failures == 0;
}
#endif

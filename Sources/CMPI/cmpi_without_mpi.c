// SPDX-License-Identifier: Apache-2.0
// The functions of MPI in a package built without it: never initialised, so nothing asks for the rest, and that fails.
#ifndef CMPI_MPI
#include "cmpi_mpi.h"
#include <string.h>

enum { NOT_BUILT_IN = 1 };

int cmpi_is_built_in(void) { return 0; }
int cmpi_initialized(int *flag) { return *flag = 0; }
int cmpi_finalized(int *flag) { return *flag = 0; }
int cmpi_library_version(char *text, int capacity) {
    strncpy(text, "none: built without MPI", (size_t)capacity - 1);
    text[capacity - 1] = 0;
    return 0;
}
int cmpi_error_string_capacity(void) { return 256; }
int cmpi_error_string(int code, char *text, int capacity) { return cmpi_library_version(text, capacity); }
cmpi_handle cmpi_comm_world(void) { return 0; }

#define FAILS \
    { return NOT_BUILT_IN; }
int cmpi_init_multiple(int *provided) FAILS
int cmpi_finalize(void) FAILS
int cmpi_abort(cmpi_handle comm, int code) FAILS
int cmpi_error_class(int code, int *error_class) FAILS
int cmpi_processor_name(char *text, int capacity) FAILS
int cmpi_comm_errors_return(cmpi_handle comm) FAILS
int cmpi_comm_rank(cmpi_handle comm, int *rank) FAILS
int cmpi_comm_size(cmpi_handle comm, int *size) FAILS
int cmpi_comm_dup(cmpi_handle comm, cmpi_handle *result) FAILS
int cmpi_comm_split(cmpi_handle comm, int color, int key, cmpi_handle *result) FAILS
int cmpi_comm_split_node(cmpi_handle comm, int key, cmpi_handle *result) FAILS
int cmpi_comm_free(cmpi_handle *comm) FAILS
int cmpi_allreduce_in_place(void *buffer, int count, int type, int operation, cmpi_handle comm) FAILS
int cmpi_reduce_scatter_block(
    const void *source, void *destination, int count, int type, int operation, cmpi_handle comm) FAILS
int cmpi_broadcast_bytes(void *buffer, int count, int root, cmpi_handle comm) FAILS
int cmpi_allgather_bytes(const void *source, int count, void *destination, cmpi_handle comm) FAILS
int cmpi_allgatherv_bytes(
    const void *source, int count, void *destination, const int *counts, const int *offsets, cmpi_handle comm) FAILS
int cmpi_gatherv_bytes(
    const void *source, int count, void *destination, const int *counts, const int *offsets, int root,
    cmpi_handle comm) FAILS
int cmpi_iallgatherv_bytes(
    const void *source, int count, void *destination, const int *counts, const int *offsets, cmpi_handle comm,
    cmpi_handle *request) FAILS
int cmpi_barrier(cmpi_handle comm) FAILS
int cmpi_progress(cmpi_handle comm) FAILS
int cmpi_isend_bytes(const void *bytes, int count, int to, int tag, cmpi_handle comm, cmpi_handle *request) FAILS
int cmpi_irecv_bytes(void *bytes, int count, int from, int tag, cmpi_handle comm, cmpi_handle *request) FAILS
int cmpi_test(cmpi_handle *request, int *done) FAILS
int cmpi_send_word(const int64_t *word, int to, int tag, cmpi_handle comm) FAILS
int cmpi_take_word(int64_t *word, int *from, int tag, cmpi_handle comm, int *found) FAILS
int cmpi_window_allocate(cmpi_handle comm, ptrdiff_t bytes, void **base, cmpi_handle *window) FAILS
int cmpi_window_query(cmpi_handle window, int rank, ptrdiff_t *bytes, void **base) FAILS
int cmpi_window_free(cmpi_handle *window) FAILS
#endif

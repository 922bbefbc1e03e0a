// SPDX-License-Identifier: Apache-2.0
// MPI as functions: handles are integers, types and operations are our own numbers, every call returns MPI's code.
#pragma once
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// A communicator, window or request, whatever the implementation makes it (a pointer in Open MPI, an int in MPICH).
typedef intptr_t cmpi_handle;

/// Whether MPI is built in (package trait MPI). Where not, it is never initialised, and nothing below is to be called.
int cmpi_is_built_in(void);
int cmpi_initialized(int *flag);
int cmpi_finalized(int *flag);
int cmpi_init_multiple(int *provided);  // asks for MPI_THREAD_MULTIPLE; provided: 0 single … 3 multiple
int cmpi_finalize(void);
int cmpi_abort(cmpi_handle comm, int code);
int cmpi_error_string(int code, char *text, int capacity);  // capacity at least cmpi_error_string_capacity()
int cmpi_error_string_capacity(void);
int cmpi_error_class(int code, int *error_class);
int cmpi_library_version(char *text, int capacity);
int cmpi_processor_name(char *text, int capacity);

cmpi_handle cmpi_comm_world(void);
int cmpi_comm_errors_return(cmpi_handle comm);
int cmpi_comm_rank(cmpi_handle comm, int *rank);
int cmpi_comm_size(cmpi_handle comm, int *size);
int cmpi_comm_dup(cmpi_handle comm, cmpi_handle *result);
int cmpi_comm_split(cmpi_handle comm, int color, int key, cmpi_handle *result);  // color < 0: no part in it, result 0
int cmpi_comm_split_node(cmpi_handle comm, int key, cmpi_handle *result);
int cmpi_comm_free(cmpi_handle *comm);

int cmpi_allreduce_in_place(void *buffer, int count, int type, int operation, cmpi_handle comm);
int cmpi_reduce_scatter_block(const void *source, void *destination, int count, int type, int operation, cmpi_handle comm);
int cmpi_broadcast_bytes(void *buffer, int count, int root, cmpi_handle comm);
int cmpi_allgather_bytes(const void *source, int count, void *destination, cmpi_handle comm);
int cmpi_allgatherv_bytes(
    const void *source, int count, void *destination, const int *counts, const int *offsets, cmpi_handle comm);
int cmpi_gatherv_bytes(
    const void *source, int count, void *_Nullable destination, const int *counts, const int *offsets, int root,
    cmpi_handle comm);
int cmpi_iallgatherv_bytes(
    const void *source, int count, void *destination, const int *counts, const int *offsets, cmpi_handle comm,
    cmpi_handle *request);
int cmpi_barrier(cmpi_handle comm);
/// Moves along what MPI has begun and not finished, such as data that a returned call left in a queue.
int cmpi_progress(cmpi_handle comm);
int cmpi_isend_bytes(const void *bytes, int count, int to, int tag, cmpi_handle comm, cmpi_handle *request);
int cmpi_irecv_bytes(void *bytes, int count, int from, int tag, cmpi_handle comm, cmpi_handle *request);
int cmpi_test(cmpi_handle *request, int *done);
/// Sends a word that nobody has to wait for; it is read some time before the process ends.
int cmpi_send_word(const int64_t *word, int to, int tag, cmpi_handle comm);
/// Receives one that has come; `found` is 0 when none has.
int cmpi_take_word(int64_t *word, int *from, int tag, cmpi_handle comm, int *found);

/// A window of per-rank segments on pages of their own, with one passive epoch open for its whole life.
int cmpi_window_allocate(cmpi_handle comm, ptrdiff_t bytes, void *_Nullable *_Nonnull base, cmpi_handle *window);
int cmpi_window_query(cmpi_handle window, int rank, ptrdiff_t *bytes, void *_Nullable *_Nonnull base);
int cmpi_window_free(cmpi_handle *window);

#pragma clang assume_nonnull end

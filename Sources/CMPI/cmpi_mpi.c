// SPDX-License-Identifier: Apache-2.0
// MPI as functions. The only file that includes mpi.h; empty where the package is built without it.
#ifdef CMPI_MPI
#include "cmpi_mpi.h"
#include "cmpi_reduce.h"
#include <mpi.h>
#include <string.h>

static MPI_Comm comm_of(cmpi_handle h) { return (MPI_Comm)h; }
static MPI_Win window_of(cmpi_handle h) { return (MPI_Win)h; }

static MPI_Datatype type_of(int type) {
    switch (type) {
        case CMPI_FLOAT32: return MPI_FLOAT;
        case CMPI_FLOAT64: return MPI_DOUBLE;
        case CMPI_INT64: return MPI_INT64_T;
        case CMPI_UINT64: return MPI_UINT64_T;
        default: return MPI_BYTE;
    }
}

// MPI_MIN and MPI_MAX lose a NaN when the comparison happens to go the other way; ours never do.
static void combine(void *in, void *inout, int *count, MPI_Datatype *type, int operation) {
    const void *sources[] = {inout, in};
    cmpi_combine(inout, sources, 2, *count, *type == MPI_FLOAT ? CMPI_FLOAT32 : CMPI_FLOAT64, operation);
}
static void combine_min(void *in, void *inout, int *count, MPI_Datatype *type) { combine(in, inout, count, type, CMPI_MIN); }
static void combine_max(void *in, void *inout, int *count, MPI_Datatype *type) { combine(in, inout, count, type, CMPI_MAX); }

// Made at first use, by the one thread that reduces.
static MPI_Op float_operation(int operation) {
    static MPI_Op operations[2];
    static int made[2];
    int i = operation == CMPI_MAX;
    if (!made[i]) made[i] = MPI_Op_create(i ? combine_max : combine_min, 1, &operations[i]) == MPI_SUCCESS;
    return made[i] ? operations[i] : i ? MPI_MAX : MPI_MIN;
}

static MPI_Op operation_of(int operation, int type) {
    if (operation == CMPI_SUM) return MPI_SUM;
    if (type == CMPI_FLOAT32 || type == CMPI_FLOAT64) return float_operation(operation);
    return operation == CMPI_MIN ? MPI_MIN : MPI_MAX;
}

int cmpi_is_built_in(void) { return 1; }
int cmpi_initialized(int *flag) { return MPI_Initialized(flag); }
int cmpi_finalized(int *flag) { return MPI_Finalized(flag); }
int cmpi_init_multiple(int *provided) { return MPI_Init_thread(NULL, NULL, MPI_THREAD_MULTIPLE, provided); }
int cmpi_finalize(void) { return MPI_Finalize(); }
int cmpi_abort(cmpi_handle comm, int code) { return MPI_Abort(comm_of(comm), code); }

int cmpi_error_string_capacity(void) { return MPI_MAX_ERROR_STRING; }
int cmpi_error_string(int code, char *text, int capacity) {
    int n = 0;
    if (capacity < MPI_MAX_ERROR_STRING) return MPI_ERR_ARG;
    return MPI_Error_string(code, text, &n);
}
int cmpi_error_class(int code, int *error_class) { return MPI_Error_class(code, error_class); }

int cmpi_library_version(char *text, int capacity) {
    char all[MPI_MAX_LIBRARY_VERSION_STRING];
    int n = 0, rc = MPI_Get_library_version(all, &n);
    if (rc == MPI_SUCCESS) { strncpy(text, all, (size_t)capacity - 1); text[capacity - 1] = 0; }
    return rc;
}

int cmpi_processor_name(char *text, int capacity) {
    char all[MPI_MAX_PROCESSOR_NAME];
    int n = 0, rc = MPI_Get_processor_name(all, &n);
    if (rc == MPI_SUCCESS) { strncpy(text, all, (size_t)capacity - 1); text[capacity - 1] = 0; }
    return rc;
}

cmpi_handle cmpi_comm_world(void) { return (cmpi_handle)MPI_COMM_WORLD; }
int cmpi_comm_errors_return(cmpi_handle comm) { return MPI_Comm_set_errhandler(comm_of(comm), MPI_ERRORS_RETURN); }
int cmpi_comm_rank(cmpi_handle comm, int *rank) { return MPI_Comm_rank(comm_of(comm), rank); }
int cmpi_comm_size(cmpi_handle comm, int *size) { return MPI_Comm_size(comm_of(comm), size); }

// A communicator inherits the handler of its parent, but not everywhere; set it again.
static int adopt(MPI_Comm made, int rc, cmpi_handle *result) {
    *result = 0;
    if (rc != MPI_SUCCESS || made == MPI_COMM_NULL) return rc;
    *result = (cmpi_handle)made;
    return MPI_Comm_set_errhandler(made, MPI_ERRORS_RETURN);
}

int cmpi_comm_dup(cmpi_handle comm, cmpi_handle *result) {
    MPI_Comm made = MPI_COMM_NULL;
    int rc = MPI_Comm_dup(comm_of(comm), &made);
    return adopt(made, rc, result);
}
int cmpi_comm_split(cmpi_handle comm, int color, int key, cmpi_handle *result) {
    MPI_Comm made = MPI_COMM_NULL;
    int rc = MPI_Comm_split(comm_of(comm), color < 0 ? MPI_UNDEFINED : color, key, &made);
    return adopt(made, rc, result);
}
int cmpi_comm_split_node(cmpi_handle comm, int key, cmpi_handle *result) {
    MPI_Comm made = MPI_COMM_NULL;
    int rc = MPI_Comm_split_type(comm_of(comm), MPI_COMM_TYPE_SHARED, key, MPI_INFO_NULL, &made);
    return adopt(made, rc, result);
}
int cmpi_comm_free(cmpi_handle *comm) {
    MPI_Comm c = comm_of(*comm);
    *comm = 0;
    return MPI_Comm_free(&c);
}

int cmpi_allreduce_in_place(void *buffer, int count, int type, int operation, cmpi_handle comm) {
    return MPI_Allreduce(MPI_IN_PLACE, buffer, count, type_of(type), operation_of(operation, type), comm_of(comm));
}
int cmpi_reduce_scatter_block(const void *source, void *destination, int count, int type, int operation, cmpi_handle comm) {
    return MPI_Reduce_scatter_block(source, destination, count, type_of(type), operation_of(operation, type), comm_of(comm));
}
int cmpi_broadcast_bytes(void *buffer, int count, int root, cmpi_handle comm) {
    return MPI_Bcast(buffer, count, MPI_BYTE, root, comm_of(comm));
}
int cmpi_allgather_bytes(const void *source, int count, void *destination, cmpi_handle comm) {
    return MPI_Allgather(source, count, MPI_BYTE, destination, count, MPI_BYTE, comm_of(comm));
}
int cmpi_allgatherv_bytes(
    const void *source, int count, void *destination, const int *counts, const int *offsets, cmpi_handle comm) {
    return MPI_Allgatherv(source, count, MPI_BYTE, destination, counts, offsets, MPI_BYTE, comm_of(comm));
}
int cmpi_gatherv_bytes(
    const void *source, int count, void *destination, const int *counts, const int *offsets, int root, cmpi_handle comm) {
    return MPI_Gatherv(source, count, MPI_BYTE, destination, counts, offsets, MPI_BYTE, root, comm_of(comm));
}
int cmpi_iallgatherv_bytes(
    const void *source, int count, void *destination, const int *counts, const int *offsets, cmpi_handle comm,
    cmpi_handle *request) {
    MPI_Request r = MPI_REQUEST_NULL;
    int rc = MPI_Iallgatherv(source, count, MPI_BYTE, destination, counts, offsets, MPI_BYTE, comm_of(comm), &r);
    *request = (cmpi_handle)r;
    return rc;
}
int cmpi_barrier(cmpi_handle comm) { return MPI_Barrier(comm_of(comm)); }
int cmpi_progress(cmpi_handle comm) {
    int flag;
    return MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm_of(comm), &flag, MPI_STATUS_IGNORE);
}
int cmpi_isend_bytes(const void *bytes, int count, int to, int tag, cmpi_handle comm, cmpi_handle *request) {
    MPI_Request r = MPI_REQUEST_NULL;
    int rc = MPI_Isend(bytes, count, MPI_BYTE, to, tag, comm_of(comm), &r);
    *request = (cmpi_handle)r;
    return rc;
}
int cmpi_irecv_bytes(void *bytes, int count, int from, int tag, cmpi_handle comm, cmpi_handle *request) {
    MPI_Request r = MPI_REQUEST_NULL;
    int rc = MPI_Irecv(bytes, count, MPI_BYTE, from, tag, comm_of(comm), &r);
    *request = (cmpi_handle)r;
    return rc;
}
int cmpi_test(cmpi_handle *request, int *done) {
    MPI_Request r = (MPI_Request)*request;
    int rc = MPI_Test(&r, done, MPI_STATUS_IGNORE);
    *request = (cmpi_handle)r;
    return rc;
}

int cmpi_send_word(const int64_t *word, int to, int tag, cmpi_handle comm) {
    MPI_Request r = MPI_REQUEST_NULL;
    int rc = MPI_Isend(word, 1, MPI_INT64_T, to, tag, comm_of(comm), &r);
    return rc == MPI_SUCCESS ? MPI_Request_free(&r) : rc;
}
int cmpi_take_word(int64_t *word, int *from, int tag, cmpi_handle comm, int *found) {
    MPI_Status status;
    *found = 0;
    int rc = MPI_Iprobe(MPI_ANY_SOURCE, tag, comm_of(comm), found, &status);
    if (rc != MPI_SUCCESS || !*found) return rc;
    *from = status.MPI_SOURCE;
    return MPI_Recv(word, 1, MPI_INT64_T, status.MPI_SOURCE, tag, comm_of(comm), MPI_STATUS_IGNORE);
}

int cmpi_window_allocate(cmpi_handle comm, ptrdiff_t bytes, void **base, cmpi_handle *window) {
    MPI_Info info;
    MPI_Win w = MPI_WIN_NULL;
    *window = 0;
    *base = NULL;
    int rc = MPI_Info_create(&info);
    if (rc != MPI_SUCCESS) return rc;
    // Each rank's segment on its own pages: first touched by its owner, it lies on the owner's memory.
    MPI_Info_set(info, "alloc_shared_noncontig", "true");
    rc = MPI_Win_allocate_shared((MPI_Aint)bytes, 1, info, comm_of(comm), base, &w);
    MPI_Info_free(&info);
    if (rc != MPI_SUCCESS) return rc;
    MPI_Win_set_errhandler(w, MPI_ERRORS_RETURN);
    *window = (cmpi_handle)w;
    return MPI_Win_lock_all(MPI_MODE_NOCHECK, w);
}
int cmpi_window_query(cmpi_handle window, int rank, ptrdiff_t *bytes, void **base) {
    MPI_Aint size = 0;
    int unit = 0, rc = MPI_Win_shared_query(window_of(window), rank, &size, &unit, base);
    *bytes = (ptrdiff_t)size;
    return rc;
}
int cmpi_window_free(cmpi_handle *window) {
    MPI_Win w = window_of(*window);
    *window = 0;
    int rc = MPI_Win_unlock_all(w);
    return rc == MPI_SUCCESS ? MPI_Win_free(&w) : rc;
}
#endif

// SPDX-License-Identifier: Apache-2.0
// The records ranks of one node share, and the flags with which they wait for each other.
#pragma once
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

enum { CMPI_NAME_BYTES = 64, CMPI_EVENT_BYTES = 48, CMPI_FAILURE_BYTES = 1024 };

/// What a rank says about the collective it enters. The first 64 bytes are compared by every rank;
/// the name is read only to explain a difference.
typedef struct {
    uint64_t sequence;   // the how-manieth collective of this communicator
    uint64_t count;      // elements, or bytes where the kind counts bytes
    uint64_t name_hash;  // FNV-1a of the name
    double weight;       // summed over ranks, in rank order
    uint64_t status;     // OR-ed over ranks
    uint32_t kind;       // CollectiveKind
    uint16_t type;       // ElementType
    uint16_t operation;  // ReductionOperation
    int32_t root;        // -1 where the kind has none
    uint32_t reserved[3];
    char name[CMPI_NAME_BYTES];  // NUL-terminated, cut off
} cmpi_header;

/// One rank's part of the control memory: a flag, two headers (even and odd sequence), who it is, what it does.
/// Records start on pages; the flag, each header and the rest have cache lines of their own. (Padding, not
/// alignment: Swift imports no type that asks for more than 16 bytes.)
typedef struct {
    uint32_t phase;    // how many synchronisations this rank has reached; wraps
    uint32_t waiters;  // ranks asleep on `phase`
    char line1[56];
    cmpi_header header[2];
    int32_t pid;
    uint32_t state;          // RankState: 0 running, 1 failed, 2 departed
    uint64_t start_time;     // of the process, in clock ticks since boot: a reused pid is not our peer
    uint64_t pid_namespace;  // inode; pids compare only within one
    int32_t failure_code;    // CommunicatorError.Code
    int32_t failure_rank;    // who is to blame, -1 if nobody
    uint32_t waiting;        // 1 while this rank sleeps for others of its node, 2 while it waits for other nodes
    uint32_t reserved;
    int64_t beat_ns;         // CLOCK_MONOTONIC of the last sign of life
    int64_t wait_ns;         // CLOCK_MONOTONIC since when it waits
    int64_t step;
    char event[CMPI_EVENT_BYTES];
    char failure_event[CMPI_EVENT_BYTES];
    char failure[CMPI_FAILURE_BYTES];
} cmpi_record;
_Static_assert(sizeof(cmpi_header) == 128 && offsetof(cmpi_record, header) == 64 && sizeof(cmpi_record) <= 4096, "layout");

/// What the ranks of a node share besides their records.
typedef struct {
    uint32_t alarm;         // 1 + local rank of the first that failed; every wait looks at it
    uint32_t stall_report;  // 1 once somebody has printed the stall report
    uint32_t failure_report;  // 1 once somebody has printed the failure
} cmpi_control;

// Swift sees arrays inside structs as tuples; these give their addresses.
static inline char *cmpi_header_name(cmpi_header *header) { return header->name; }
static inline cmpi_header *cmpi_record_header(cmpi_record *record, uint64_t sequence) { return &record->header[sequence & 1]; }
static inline char *cmpi_record_event(cmpi_record *record) { return record->event; }
static inline char *cmpi_record_failure(cmpi_record *record) { return record->failure; }
static inline char *cmpi_record_failure_event(cmpi_record *record) { return record->failure_event; }

/// What a wait ended with.
enum { CMPI_REACHED = 0, CMPI_ALARM = 1, CMPI_TIMEOUT = 2 };

static inline uint32_t cmpi_load(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }
static inline void cmpi_store(uint32_t *word, uint32_t value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }
static inline int64_t cmpi_load64(const int64_t *word) { return __atomic_load_n(word, __ATOMIC_RELAXED); }
static inline void cmpi_store64(int64_t *word, int64_t value) { __atomic_store_n(word, value, __ATOMIC_RELAXED); }

/// Sets `word` from 0 to `value`; returns what it was.
static inline uint32_t cmpi_claim(uint32_t *word, uint32_t value) {
    uint32_t expected = 0;
    __atomic_compare_exchange_n(word, &expected, value, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    return expected;
}

int64_t cmpi_now(void);  // CLOCK_MONOTONIC in nanoseconds: the same clock in every process of a node

/// Publishes `phase` of `records[rank]` and waits until every record has reached it: spins `spin_ns` with pause,
/// then yields the core until `yield_ns` have passed. Returns -1, or the first record that is late.
int cmpi_synchronise(cmpi_record *_Nonnull const *_Nonnull records, int count, int rank, uint32_t phase, int64_t spin_ns, int64_t yield_ns);

/// Waits asleep until `record` has reached `phase`, `alarm` is raised or `timeout_ns` have passed.
int cmpi_wait(cmpi_record *record, uint32_t phase, const uint32_t *alarm, int64_t timeout_ns);

/// Raises the alarm (first caller wins) and wakes whoever sleeps on one of the records. Returns the winner's value.
uint32_t cmpi_raise_alarm(uint32_t *alarm, uint32_t value, cmpi_record *_Nonnull const *_Nonnull records, int count);

/// Copies at most `capacity - 1` bytes and ends them with NUL.
void cmpi_copy_text(char *destination, size_t capacity, const char *source, size_t count);

/// FNV-1a.
uint64_t cmpi_hash(const void *_Nullable bytes, size_t count);

#pragma clang assume_nonnull end

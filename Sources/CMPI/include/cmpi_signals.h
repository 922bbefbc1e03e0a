// SPDX-License-Identifier: Apache-2.0
// Signals that ask a program to end, as a flag to look at between two steps.
#pragma once

#pragma clang assume_nonnull begin

/// A signal by which the system asks a program to end soon.
typedef struct {
    int number;
    /// Its name in C.
    const char *name;
} cmpi_stop_signal;

/// All of them, `count` in number.
const cmpi_stop_signal *cmpi_stop_signals(int *count);
/// Lets them reach the calling thread and the programs it becomes: one that was started by a thread pool, whose threads block
/// all signals, would never hear of any.
void cmpi_unblock_signals(void);
/// From now on the first of them only sets the flag. One that comes more than a second later acts as if nobody were watching;
/// sooner ones are the same request told twice (by mpirun and by the batch system), and so is every SIGXCPU. Calls nest.
/// Unblocks them, too.
void cmpi_watch_signals(void);
/// Undoes one `cmpi_watch_signals`; the last one puts the former handlers back.
void cmpi_unwatch_signals(void);
/// The number of the signal that came first, 0 when none has.
int cmpi_signal_seen(void);
/// Whether anybody watches.
int cmpi_signals_are_watched(void);
/// Forgets it.
void cmpi_clear_signal(void);

#pragma clang assume_nonnull end

// SPDX-License-Identifier: Apache-2.0
// What LockstepComm needs from C: MPI without its macros, flags in shared memory, reduction kernels, process facts.
#pragma once
#include "cmpi_memfd.h"
#include "cmpi_mpi.h"
#include "cmpi_process.h"
#include "cmpi_reduce.h"
#include "cmpi_signals.h"
#include "cmpi_sync.h"

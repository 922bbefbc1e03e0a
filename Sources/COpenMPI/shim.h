// SPDX-License-Identifier: Apache-2.0
// Brings Open MPI in for C; Swift sees it only through CMPI.
#include <mpi.h>

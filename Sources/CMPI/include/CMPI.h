// SPDX-License-Identifier: Apache-2.0
// Accessors for what Swift cannot import from mpi.h.
#pragma once

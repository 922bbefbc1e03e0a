// SPDX-License-Identifier: Apache-2.0
// Everything Lockstep computes in C. One header per family; every symbol starts with lsk_.
#pragma once
#include "lsk_types.h"
#include "lsk_memory.h"
#include "lsk_convolution.h"
#include "lsk_pooling.h"
#include "lsk_norm.h"
#include "lsk_mode.h"
#include "lsk_iterator.h"
#include "lsk_elementwise.h"
#include "lsk_copy.h"
#include "lsk_optimizer.h"
#include "lsk_blas.h"
#include "lsk_processor.h"
#include "lsk_gather.h"
#include "lsk_random.h"
#include "lsk_crossentropy.h"

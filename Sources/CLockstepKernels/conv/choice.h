// SPDX-License-Identifier: Apache-2.0
// Choices between the engines that are remembered.
#pragma once
#include "conv/engines.h"

/// The engine that was chosen for the shape, by timing where nobody has chosen yet and `measures`; else LSK_ENGINE_RULE.
lsk_convolution_engine lsk_chosen_engine(const lsk_convolution_call *_Nonnull k, int measures);

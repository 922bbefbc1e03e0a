// SPDX-License-Identifier: Apache-2.0
// One layer and direction of an LSTM or GRU over a whole sequence. Memory is time-major; only rows of gates may have gaps.
#pragma once
#include "lsk_types.h"

/// The sequence and the weights, with PyTorch's shapes and gate orders (i f g o; r z n). G is 4 or 3.
///
/// `hidden` and `cell` have one slot more than there are steps: step t reads the state of slot t and writes slot t + 1,
/// or, in reverse, reads slot t + 1 and writes slot t. The first state must already be in its slot.
typedef struct lsk_recurrence {
    lsk_dtype dtype;
    int32_t reverse;
    ptrdiff_t steps, batch, inputs, units;
    ptrdiff_t row;  ///< from one row of gates, or of their gradients, to the next
    const void *_Nonnull x;  ///< [steps, batch, inputs]
    const void *_Nonnull input_weight;  ///< [G * units, inputs]
    const void *_Nonnull hidden_weight;  ///< [G * units, units]
    const void *_Nullable input_bias;  ///< [G * units]
    const void *_Nullable hidden_bias;  ///< [G * units]
    void *_Nonnull gates;  ///< [steps, batch, G * units], `row` apart: the gates' values, saved by the forward pass
    void *_Nonnull hidden;  ///< [steps + 1, batch, units]
    void *_Nullable cell;  ///< [steps + 1, batch, units], LSTM only
    void *_Nullable candidate;  ///< [steps, batch, units], GRU only: the hidden part of n, saved
} lsk_recurrence;

/// i f o = sigmoid, g = tanh of x Wi' + bi + h Wh' + bh; c = f c + i g; h = o tanh c.
void lsk_lstm_forward(const lsk_recurrence *_Nonnull r);
/// The gradient of the gates before activation, `dgates` [steps, batch, 4 * units], its rows as far
/// apart. `dh` and `dc` [batch, units] come in
/// with the gradients of the last states and go out with those of the first. `dy` [steps, batch, units] or NULL.
void lsk_lstm_backward(const lsk_recurrence *_Nonnull r, const void *_Nullable dy, void *_Nonnull dh, void *_Nonnull dc,
                       void *_Nonnull dgates);
/// r z = sigmoid of x Wi' + bi + h Wh' + bh; n = tanh(x Wi' + bi + r (h Wh' + bh)); h = (1 - z) n + z h.
void lsk_gru_forward(const lsk_recurrence *_Nonnull r);
/// As for the LSTM; `dhidden` is the gradient of h Wh' + bh, which differs from `dgates` by the factor r on n.
void lsk_gru_backward(const lsk_recurrence *_Nonnull r, const void *_Nullable dy, void *_Nonnull dh,
                      void *_Nonnull dgates, void *_Nonnull dhidden);

// SPDX-License-Identifier: Apache-2.0
// Threads that work beside those that compute.
#pragma once

/// Makes the calling thread one that runs on any of the job's processors, where nothing else wants to.
void lsk_enter_background(void);

// SPDX-License-Identifier: Apache-2.0
// Placeholder until the first file of this module lands.

// SPDX-License-Identifier: Apache-2.0
// Goes when the first file of this folder comes.

// SPDX-License-Identifier: Apache-2.0
// The umbrella: one import for a training program.
@_exported public import LockstepTensor
@_exported public import LockstepNN
@_exported public import LockstepOptim
@_exported public import LockstepData
@_exported public import LockstepModels
@_exported public import LockstepLearner
@_exported public import LockstepTransfer
@_exported public import LockstepONNX
@_exported public import LockstepTensorBoard
@_exported public import LockstepComm
@_exported public import LockstepDistributed

#pragma once

#include <ATen/core/LegacyTypeDispatch.h>

namespace equipoise::models {

/// While it lives, LibTorch keeps no account of this thread's operations for gradients, of views or of versions: the gradients of a
/// learner are worked out by hand (Learner::backward), and a small network would pay for the account at every view it takes.
/// GradMode stays as it is; a tensor that requires a gradient would silently get none, and the engine has no such tensor
/// (docs/decisions/0028). Each thread of a parallel loop needs its own.
using NoAutograd = at::AutoDispatchBelowADInplaceOrView;

}  // namespace equipoise::models

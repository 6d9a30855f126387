#pragma once

#include <ATen/core/LegacyTypeDispatch.h>

namespace equipoise::models {

/// While it lives, LibTorch keeps no account of this thread's operations for gradients: those of a learner are worked out by
/// hand (Learner::backward), and the account of views and versions costs a small network as much as its products. Each
/// thread of a parallel loop needs its own.
using NoAutograd = at::AutoDispatchBelowADInplaceOrView;

}  // namespace equipoise::models

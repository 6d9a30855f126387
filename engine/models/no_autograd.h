#pragma once

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/grad_mode.h>

namespace equipoise::models {

/// While it lives, LibTorch keeps no account of this thread's operations for gradients, of views or of versions: the gradients of a
/// learner are worked out by hand (Learner::backward), and a small network would pay for the account at every view it takes.
/// GradMode stays as it is; a tensor that requires a gradient would silently get none, and the engine has no such tensor
/// but inside ModuleLearner (docs/decisions/0028, 0029). Each thread of a parallel loop needs its own.
using NoAutograd = at::AutoDispatchBelowADInplaceOrView;

/// While it lives, this thread keeps that account, also inside a NoAutograd: for functions whose gradient LibTorch works out.
class WithAutograd {
 public:
  WithAutograd() : keys_(all_keys()), recording_(true) {}

 private:
  static c10::impl::LocalDispatchKeySet all_keys() {
    c10::impl::LocalDispatchKeySet keys = c10::impl::tls_local_dispatch_key_set();
    keys.excluded_ = keys.excluded_ - c10::autograd_dispatch_keyset_with_ADInplaceOrView;
    return keys;
  }

  c10::impl::ForceDispatchKeyGuard keys_;
  at::AutoGradMode recording_;
};

}  // namespace equipoise::models

// What autograd does at an op that has no derivative, whatever its schema.
#pragma once

#include <torch/library.h>

namespace equipoise::kernels {

// For the key Autograd: what the op returns is a constant. A tensor that it writes must not require a gradient, which
// would be silently wrong afterwards.
torch::CppFunction without_derivative();

// For the key ADInplaceOrView: a tensor that the op writes counts as changed, so that autograd notices when it was
// saved for a backward pass before.
torch::CppFunction counting_writes();

}  // namespace equipoise::kernels

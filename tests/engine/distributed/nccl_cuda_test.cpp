#include "engine/distributed/nccl/nccl_group.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

namespace equipoise::distributed {
namespace nccl_cuda_test {

// As ranks.cpp loads it, which needs no GPU: every symbol of LibTorch and NCCL that it uses is there.
TEST(NcclGroup, CanBeLoadedAfterLibTorchsCudaHalf) {
  ASSERT_NE(::dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL), nullptr) << ::dlerror();
  void* library = ::dlopen(EQUIPOISE_NCCL_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << ::dlerror();
  EXPECT_NE(::dlsym(library, kMakeNcclGroup), nullptr) << ::dlerror();
}

}  // namespace nccl_cuda_test
}  // namespace equipoise::distributed

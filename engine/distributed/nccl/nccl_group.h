#pragma once

#include <cstdint>

namespace c10d {
class Backend;
class Store;
}  // namespace c10d

namespace equipoise::distributed {

/// The name and type of the one function of libequipoise_nccl.so, which is loaded after LibTorch's CUDA half: an NCCL group of `size`
/// processes that meet in `store`, on GPU `device`. The caller owns it: one reference, to be taken over with reclaim().
inline constexpr const char* kMakeNcclGroup = "equipoise_make_nccl_group";
using MakeNcclGroup = c10d::Backend* (*)(c10d::Store* store, std::int64_t rank, std::int64_t size, std::int64_t device,
                                         double timeout_seconds);

}  // namespace equipoise::distributed

// Work spread over the library's threads, for files that see no torch.
#pragma once

#include <cstdint>
#include <functional>

namespace equipoise::kernels {

// Runs task(0) .. task(tasks - 1), each once, on as many threads as at::set_num_threads allows. What a task computes must
// not depend on who runs it, nor two tasks write the same place; sums over tasks are added by the caller, in order.
void each_task(std::int64_t tasks, const std::function<void(std::int64_t)>& task);

}  // namespace equipoise::kernels

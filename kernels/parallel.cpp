#include "kernels/parallel.h"

#include <ATen/Parallel.h>

namespace equipoise::kernels {

void each_task(std::int64_t tasks, const std::function<void(std::int64_t)>& task) {
  at::parallel_for(0, tasks, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) task(i);
  });
}

}  // namespace equipoise::kernels

// Points whose nearest rows are looked for.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace equipoise::kernels {

inline at::Tensor random_points(std::int64_t rows, std::int64_t dimensions, std::uint64_t seed) {
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  return at::randn({rows, dimensions}, generator, at::TensorOptions().dtype(at::kFloat));
}

inline at::Tensor random_cells(std::int64_t rows, std::int64_t cells) {
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(99 + rows);
  return at::randint(cells, {rows}, generator, at::TensorOptions().dtype(at::kLong)).to(at::kInt);
}

// A grid of few points, many times: most distances are equal to many others, and zero to many.
inline at::Tensor coarse_points(std::int64_t rows, std::int64_t dimensions) {
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(5);
  return at::randint(3, {rows, dimensions}, generator, at::TensorOptions().dtype(at::kFloat));
}

// All others as far from row 0 as each other, but for their own rounding, which floats cannot tell apart.
inline at::Tensor sphere_points(std::int64_t rows, std::int64_t dimensions) {
  at::Tensor sphere = random_points(rows, dimensions, 15);
  sphere = sphere / sphere.norm(2, 1, true);
  sphere[0].zero_();
  return sphere;
}

}  // namespace equipoise::kernels

#pragma once

#include <cstddef>
#include <string>

struct evp_md_ctx_st;

namespace equipoise::core {

/// SHA-256 of bytes as they come.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(const void* bytes, std::size_t size);
  /// In lower-case hexadecimal digits; the end of this one.
  std::string hex();

 private:
  evp_md_ctx_st* context_;
};

}  // namespace equipoise::core

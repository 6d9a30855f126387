#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace equipoise::models::xgboost {

/// Why trees cannot be grown on a GPU by the library that is there, in words; "" where they can: of XGBoost's wheels `xgboost` has CUDA,
/// `xgboost-cpu` has not. Throws as Matrix does where there is no library.
std::string obstacle_to_cuda();

/// Rows as XGBoost holds them. Throws UserError (config) where its library cannot be loaded, naming the command that adds it; all that
/// XGBoost itself refuses is a std::runtime_error with its words.
class Matrix {
 public:
  /// values [rows, features] f32, NaN where missing; copied. `is_category` [features]: its values are whole numbers that name a level.
  Matrix(const float* values, std::int64_t rows, std::int64_t features, const std::vector<bool>& is_category,
         std::int64_t threads);

  /// [features], not below 0: a round that learns from a share of the columns (colsample_bytree) takes them by weighted draws. Of 0 none is
  /// taken before all others are.
  void weigh_columns(const std::vector<float>& weights);

  void* handle() const { return handle_.get(); }
  std::int64_t rows() const { return rows_; }

 private:
  std::shared_ptr<void> handle_;
  std::int64_t rows_;
};

/// What trees are for.
struct Widths {
  std::int64_t columns, outputs;
};

/// By the word of the bytes that Booster::bytes() gave: a booster answers with what it was told, takes trees of one output for those of several,
/// and says what no tree of its file says. Throws std::runtime_error for bytes that are of no trees, or were cut: XGBoost reads past their end.
Widths widths_of(const std::string& bytes);

/// A sum of trees: margins [rows, outputs] that start at 0. Equal calls give equal bits for one number of threads.
class Booster {
 public:
  /// `parameters` as XGBoost names them (https://xgboost.readthedocs.io/en/stable/parameter.html).
  explicit Booster(const std::map<std::string, std::string>& parameters);
  /// As bytes() gave it, which widths_of has read.
  Booster(const std::map<std::string, std::string>& parameters, const std::string& bytes);

  /// One round more: a tree for each output. gradient, curvature [rows, outputs] f32, the derivatives of what is made small by each margin,
  /// in memory of the booster's device, which must have written them: XGBoost reads on streams of its own.
  void grow(const Matrix& rows, const float* gradient, const float* curvature, std::int64_t outputs);
  /// [rows * outputs], written to `margins` in the host's memory. Of a matrix that was asked for before, only trees that came since are walked.
  void margins(const Matrix& rows, float* margins) const;
  /// How many threads its calls take from here on.
  void set_threads(std::int64_t threads);
  /// Its first `rounds` rounds.
  Booster first(std::int64_t rounds) const;
  std::int64_t rounds() const;
  /// Where it grows, "cpu" or "cuda:N". Asked for a GPU that it does not see, XGBoost takes the CPU without a word.
  std::string device() const;
  /// In XGBoost's own format (UBJSON), which its other programs read.
  std::string bytes() const;

 private:
  explicit Booster(void* handle);
  std::string setting(const char* section, const char* name) const;
  std::shared_ptr<void> handle_;
};

}  // namespace equipoise::models::xgboost

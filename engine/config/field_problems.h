#pragma once

#include <string>

#include "engine/config/origin.h"
#include "engine/core/error.h"

namespace equipoise::config {

/// What is wrong with fields of a config: each said with its field and its place, all thrown at once as a UserError (config).
class FieldProblems {
 public:
  explicit FieldProblems(const Origin& origin) : origin_(origin) {}

  /// "training.loss: WHY", at the place of the field.
  void refuse(const std::string& field, const std::string& why) {
    collect([&] { throw core::UserError(core::Fault::config, field + ": " + why, origin_.of(field)); });
  }
  /// Those of another check.
  template <typename Check>
  void collect(const Check& check) {
    problems_.collect(check);
  }
  void throw_if_any() { problems_.throw_if_any(); }

 private:
  const Origin& origin_;
  core::ProblemList problems_;
};

}  // namespace equipoise::config

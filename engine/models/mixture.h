#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/models/lot.h"

namespace equipoise::models {

/// How the members of a learner decide together where they are several iterates of one training: each row is decided by
/// one iterate, drawn by its probability. Its members follow those of the iterate before, and their mean score decides.
struct Mixture {
  std::vector<double> probabilities;  ///< [iterates] above 0, of sum 1; empty: all members decide every row
  std::vector<std::int64_t> steps;    ///< [iterates] the steps of training they are from
  std::uint64_t seed = 0;             ///< of the draws; below 2^53, so that any reader of JSON has it whole

  std::size_t iterates() const { return probabilities.empty() ? 1 : probabilities.size(); }
};

/// The iterate that decides row `row` of the files (from 0), by the row's place alone.
inline std::size_t iterate_of(const Mixture& mixture, std::int64_t row) {
  return drawn(mixture.probabilities, mixture.seed, row);
}

/// The part of a model's description that says it: the seed, and of each iterate step, probability and members.
nlohmann::json describe_mixture(const Mixture& mixture, std::int64_t members);

/// That of a description of so many members. Throws UserError (data) naming `name` and what is wrong.
Mixture mixture_from(const nlohmann::json& description, std::int64_t members, const std::string& name);

}  // namespace equipoise::models

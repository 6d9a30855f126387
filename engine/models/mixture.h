#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/models/lot.h"

namespace equipoise::models {

/// How the members of a learner decide together where they are several iterates of one training: each row is decided by
/// one iterate, drawn by its probability. Its members follow those of the iterate before, and their mean score decides.
struct Mixture : Lot {                   ///< of iterates; without probabilities all members decide every row
  std::vector<std::int64_t> steps = {};  ///< [iterates] the steps of training they are from

  std::size_t iterates() const { return probabilities.empty() ? 1 : probabilities.size(); }
};

/// The part of a model's description that says it: the seed, and of each iterate step, probability and members.
nlohmann::json describe_mixture(const Mixture& mixture, std::int64_t members);

/// That of a description of so many members. Throws UserError (data) naming `name` and what is wrong.
Mixture mixture_from(const nlohmann::json& description, std::int64_t members, const std::string& name);

}  // namespace equipoise::models

#include "engine/models/lot.h"

#include <fmt/format.h>

#include <cmath>

namespace equipoise::models {
namespace {

using nlohmann::json;

constexpr std::uint64_t kLargestSeed = (std::uint64_t{1} << 53) - 1;
constexpr double kRounding = 1e-9;  // of the sum of probabilities

}  // namespace

std::uint64_t lot_seed(std::uint64_t run_seed) {
  constexpr int kBitsOfNoUse = 11;  // 53 are left
  return core::seed_for(run_seed, "mixture") >> kBitsOfNoUse;
}

Lot lot_from(const json& description, const std::string& name,
             const std::function<core::UserError(const std::string&)>& broken) {
  if (!description.is_object()) throw broken("it is not an object");
  const json seed = description.value("seed", json()), list = description.value(name, json());
  if (!seed.is_number_unsigned() || seed.get<std::uint64_t>() > kLargestSeed)
    throw broken("seed is missing or is not a whole number from 0 to 2^53");
  if (!list.is_array() || list.size() < 2) throw broken(name + " is not a list of two or more");
  Lot lot;
  lot.seed = seed.get<std::uint64_t>();
  double sum = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const json probability = list[i].is_object() ? list[i].value("probability", json()) : json();
    if (!probability.is_number() || !(probability.get<double>() > 0))
      throw broken(fmt::format("{}[{}].probability is missing or is not above 0", name, i));
    lot.probabilities.push_back(probability.get<double>());
    sum += lot.probabilities.back();
  }
  if (!(std::abs(sum - 1) <= kRounding)) throw broken(fmt::format("the probabilities add to {}, not to 1", sum));
  return lot;
}

}  // namespace equipoise::models

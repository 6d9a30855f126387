#include "engine/models/mixture.h"

#include <fmt/format.h>

#include <cmath>
#include <string>

#include "engine/core/error.h"

namespace equipoise::models {
namespace {

using nlohmann::json;

constexpr std::uint64_t kLargestSeed = (std::uint64_t{1} << 53) - 1;
constexpr double kRounding = 1e-9;  // of the sum of probabilities

json members_of(std::size_t iterate, std::int64_t each) {
  json members = json::array();
  for (std::int64_t member = 0; member < each; ++member)
    members.push_back(static_cast<std::int64_t>(iterate) * each + member);
  return members;
}

}  // namespace

json describe_mixture(const Mixture& mixture, std::int64_t members) {
  const std::int64_t each = members / static_cast<std::int64_t>(mixture.iterates());
  json iterates = json::array();
  for (std::size_t i = 0; i < mixture.iterates(); ++i)
    iterates.push_back(
        {{"step", mixture.steps[i]}, {"probability", mixture.probabilities[i]}, {"members", members_of(i, each)}});
  return {{"seed", mixture.seed}, {"iterates", iterates}};
}

Mixture mixture_from(const json& description, std::int64_t members, const std::string& name) {
  const auto broken = [&](const std::string& what) {
    return core::UserError(core::Fault::data, "'" + name + "': mixture: " + what);
  };
  if (!description.is_object()) throw broken("it is not an object");
  const json seed = description.value("seed", json()), iterates = description.value("iterates", json());
  if (!seed.is_number_unsigned() || seed.get<std::uint64_t>() > kLargestSeed)
    throw broken("seed is missing or is not a whole number from 0 to 2^53");
  if (!iterates.is_array() || iterates.size() < 2) throw broken("iterates is not a list of two or more");
  const auto count = static_cast<std::int64_t>(iterates.size());
  if (members % count != 0)
    throw broken(fmt::format("{} members are not as many for each of {} iterates", members, count));
  Mixture mixture;
  mixture.seed = seed.get<std::uint64_t>();
  double sum = 0;
  for (std::size_t i = 0; i < iterates.size(); ++i) {
    const auto of = [&](const char* key) { return iterates[i].is_object() ? iterates[i].value(key, json()) : json(); };
    const json probability = of("probability"), step = of("step"), expected = members_of(i, members / count);
    if (!probability.is_number() || !(probability.get<double>() > 0))
      throw broken(fmt::format("iterates[{}].probability is missing or is not above 0", i));
    if (!step.is_number_integer() || step.get<std::int64_t>() < 0)
      throw broken(fmt::format("iterates[{}].step is missing or is no step", i));
    if (of("members") != expected)
      throw broken(fmt::format("iterates[{}].members is {}, expected {}", i,
                               of("members").dump(-1, ' ', true, json::error_handler_t::replace), expected.dump()));
    mixture.probabilities.push_back(probability.get<double>());
    mixture.steps.push_back(step.get<std::int64_t>());
    sum += mixture.probabilities.back();
  }
  if (!(std::abs(sum - 1) <= kRounding)) throw broken(fmt::format("the probabilities add to {}, not to 1", sum));
  return mixture;
}

}  // namespace equipoise::models

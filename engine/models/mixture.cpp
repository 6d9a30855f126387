#include "engine/models/mixture.h"

#include <fmt/format.h>

#include <string>

#include "engine/core/error.h"

namespace equipoise::models {
namespace {

using nlohmann::json;

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
  const Lot lot = lot_from(description, "iterates", broken);
  const json& iterates = description["iterates"];
  const auto count = static_cast<std::int64_t>(iterates.size());
  if (members % count != 0)
    throw broken(fmt::format("{} members are not as many for each of {} iterates", members, count));
  Mixture mixture{lot, {}};
  for (std::size_t i = 0; i < iterates.size(); ++i) {
    const json step = iterates[i].value("step", json()), own = iterates[i].value("members", json()),
               expected = members_of(i, members / count);
    if (!step.is_number_integer() || step.get<std::int64_t>() < 0)
      throw broken(fmt::format("iterates[{}].step is missing or is no step", i));
    if (own != expected)
      throw broken(fmt::format("iterates[{}].members is {}, expected {}", i,
                               own.dump(-1, ' ', true, json::error_handler_t::replace), expected.dump()));
    mixture.steps.push_back(step.get<std::int64_t>());
  }
  return mixture;
}

}  // namespace equipoise::models

#include "engine/constraints/kinds.h"

namespace equipoise::constraints {

const std::vector<KindEntry>& kind_entries() {
  static const std::vector<KindEntry> entries = {
      {"demographic_parity", "demographic parity", {RateKind::selection_rate}},
      {"equal_opportunity", "equal opportunity", {RateKind::true_positive_rate}},
      {"predictive_equality", "predictive equality", {RateKind::false_positive_rate}},
      {"equalized_odds", "equalized odds", {RateKind::true_positive_rate, RateKind::false_positive_rate}},
  };
  return entries;
}

const KindEntry* find_kind(const std::string& name) {
  for (const KindEntry& entry : kind_entries())
    if (entry.name == name) return &entry;
  return nullptr;
}

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const KindEntry& entry : kind_entries()) names.emplace_back(entry.name);
  return names;
}

}  // namespace equipoise::constraints

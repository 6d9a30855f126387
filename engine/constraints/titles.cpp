#include "engine/constraints/titles.h"

#include <charconv>

#include "engine/constraints/kinds.h"

namespace equipoise::constraints {

std::string number_text(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::general, 10).ptr;
  return std::string(text, end);
}

std::string constraint_title(const ConstraintParams& params) {
  const KindEntry* kind = find_kind(params.kind);
  const std::string head = std::string(kind ? kind->title : params.kind) + " by " + params.group + ", ";
  if (params.form == "ratio") return head + "ratio at least " + number_text(1 - params.tolerance);
  std::string to;
  if (params.form == "overall") to = " to everyone";
  if (params.form == "reference") to = " to " + params.reference;
  return head + "gap" + to + " at most " + number_text(params.tolerance);
}

std::string promise_title(const Promise& promise) {
  const std::string rate = short_name(promise.rate);
  if (promise.form == "overall") return rate + " gap to everyone by " + promise.grouping;
  if (promise.form == "reference")
    return rate + " gap to " + promise.grouping + "=" + promise.levels[promise.reference_level];
  if (promise.form == "ratio") return rate + " ratio gap by " + promise.grouping;
  return rate + " gap by " + promise.grouping;
}

std::vector<std::string> promise_titles(const ConstraintTable& table) {
  std::vector<std::string> titles;
  for (const Promise& promise : table.promises) titles.push_back(promise_title(promise));
  return titles;
}

std::vector<std::string> row_titles(const ConstraintTable& table) {
  std::vector<std::string> titles;
  for (const Row& row : table.rows) {
    const Promise& promise = table.promises[row.promise];
    const auto& [rate, coefficient] = row.terms.front();
    std::string title = std::string(short_name(promise.rate)) + " " + promise.grouping + "=" + table.rates[rate].level;
    title += coefficient > 0 ? " above" : " below";
    if (promise.form == "overall") title += " everyone";
    if (promise.form == "reference") title += " " + promise.levels[promise.reference_level];
    if (promise.form == "ratio") title += " in ratio";
    titles.push_back(std::move(title));
  }
  return titles;
}

}  // namespace equipoise::constraints

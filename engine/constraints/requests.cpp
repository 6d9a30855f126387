#include "engine/constraints/requests.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "engine/constraints/forms.h"
#include "engine/constraints/kinds.h"
#include "engine/constraints/outcome_requests.h"
#include "engine/constraints/rates.h"
#include "engine/constraints/request_problems.h"
#include "engine/constraints/table.h"
#include "engine/constraints/titles.h"
#include "engine/core/error.h"
#include "engine/core/nearest_name.h"

namespace equipoise::constraints {
namespace {

std::vector<std::string> occurring_levels(const data::Grouping& grouping) {
  std::vector<bool> occurs(grouping.levels.size());
  for (const std::int32_t code : grouping.codes)
    if (code != data::kUnknownLevel) occurs[code] = true;
  std::vector<std::string> levels;
  for (std::size_t i = 0; i < occurs.size(); ++i)
    if (occurs[i]) levels.push_back(grouping.levels[i]);
  return levels;
}

// The grouping of that name; says so where there is none.
const KnownGrouping* known_grouping(const Request& request, const std::string& name, const std::string& field) {
  const std::vector<KnownGrouping>& known = request.known.groupings;
  const auto grouping = std::ranges::find(known, name, &KnownGrouping::name);
  if (grouping != known.end()) return &*grouping;
  std::vector<std::string> names;
  for (const KnownGrouping& one : known) names.push_back(one.name);
  request.refuse(field, unknown("grouping", name, names) + " (groupings are named in data.groups)");
  return nullptr;
}

bool is_level(const KnownGrouping& grouping, const std::string& level) {
  return !grouping.levels || std::ranges::find(*grouping.levels, level) != grouping.levels->end();
}

std::string kinds_with(bool (*has)(const KindEntry&)) {
  std::vector<std::string> names;
  for (const KindEntry& kind : kind_entries())
    if (has(kind)) names.emplace_back(kind.name);
  return core::listed(names);
}

void check_reference(const Request& request, const KnownGrouping& grouping) {
  const ConstraintParams& wanted = request.wanted;
  if (wanted.form != "reference") {
    if (!wanted.reference.empty())
      request.refuse("reference", "a reference level is for the form 'reference', not for '" + wanted.form + "'");
  } else if (wanted.reference.empty()) {
    request.refuse("form", "the form 'reference' needs 'reference:', one of the levels of '" + grouping.name + "'" +
                               (grouping.levels ? ": " + core::listed(*grouping.levels) : ""));
  } else if (!is_level(grouping, wanted.reference)) {
    request.refuse("reference", unknown("level of '" + grouping.name + "'", wanted.reference, *grouping.levels));
  }
}

void check_group(const Request& request, const std::string& name) {
  const KnownGrouping* grouping = known_grouping(request, name, "group");
  if (grouping == nullptr) return;
  const auto& levels = grouping->levels;
  if (levels && levels->size() < 2) {
    request.refuse("group", levels->empty() ? "the grouping '" + name + "' has no rows"
                                            : "the grouping '" + name + "' has one level, '" + levels->front() +
                                                  "', on every row: there is nothing to compare it with");
    return;
  }
  check_reference(request, *grouping);
}

void check_groups(const Request& request) {
  const ConstraintParams& wanted = request.wanted;
  if (request.kind.demand == Demand::linear) {
    if (!wanted.group.empty())
      request.refuse("group", "a linear constraint says in each of its terms whose rate is meant");
    if (!wanted.within.empty())
      request.refuse("within", "a linear constraint says in each of its terms whose rate is meant");
    return;
  }
  const bool compares = request.kind.demand == Demand::parity || request.kind.demand == Demand::worst;
  if (wanted.group.empty() && compares)
    request.refuse("group", "it compares the levels of a grouping; name one of data.groups");
  // Each aim takes the place of the mean loss, of which there is one.
  if (request.kind.demand == Demand::worst && (wanted.group.size() > 1 || !wanted.within.empty()))
    request.refuse(wanted.within.empty() ? "group" : "within",
                   "the aim is the worst of one grouping; name one that crosses several (data.groups: cross)");
  if (wanted.group.empty() && !wanted.within.empty())
    request.refuse("within", "without 'group' it would be a bound of each level; say group: " + wanted.within);
  for (std::size_t i = 0; i < wanted.group.size(); ++i) {
    if (std::find(wanted.group.begin(), wanted.group.begin() + static_cast<std::ptrdiff_t>(i), wanted.group[i]) !=
        wanted.group.begin() + static_cast<std::ptrdiff_t>(i)) {
      request.refuse("group", "'" + wanted.group[i] + "' is named twice");
    } else if (wanted.group[i] == wanted.within) {
      request.refuse("within", "within the levels of '" + wanted.within + "' there is one level of it");
    } else {
      check_group(request, wanted.group[i]);
    }
  }
  if (!wanted.within.empty()) known_grouping(request, wanted.within, "within");
}

void check_rate(const Request& request) {
  const ConstraintParams& wanted = request.wanted;
  const bool is_open = request.kind.rates.empty() && request.kind.demand != Demand::linear;
  if (!is_open) {
    if (!wanted.rate.empty())
      request.refuse("rate", "the kind '" + wanted.kind + "' has its own; a rate is for the kinds " +
                                 kinds_with([](const KindEntry& kind) {
                                   return kind.rates.empty() && kind.demand != Demand::linear;
                                 }));
  } else if (wanted.rate.empty()) {
    request.refuse(
        "rate", "the kind '" + wanted.kind + "' needs 'rate:', one of " + core::listed(rate_names(request.known.task)));
  } else if (find_rate(wanted.rate) == nullptr) {
    request.refuse("rate", unknown("rate", wanted.rate, rate_names()));
  }
}

// Means that may be below 0: no bound of them is wrong, and no ratio makes sense.
bool may_be_negative(const Request& request) {
  return std::ranges::any_of(rates_of(request.wanted), [](const std::string& name) {
    const RateEntry* rate = find_rate(name);
    return rate != nullptr && may_be_negative(*rate);
  });
}

RateFamily family_of(const Request& request) {
  const RateEntry* rate = find_rate(request.kind.rates.empty() ? request.wanted.rate : request.kind.rates.front());
  return rate ? rate->family : RateFamily::share;
}

void check_parity(const Request& request) {
  const ConstraintParams& wanted = request.wanted;
  const std::vector<std::string> forms = parity_form_names();
  if (std::ranges::find(forms, wanted.form) == forms.end()) request.refuse("form", unknown("form", wanted.form, forms));
  const ConstraintParams usual;
  if (*request.kind.form != '\0' && wanted.form != usual.form && wanted.form != request.kind.form)
    request.refuse("form", "the kind '" + wanted.kind + "' is always of the form '" + request.kind.form + "'");
  if (request.kind.tolerance > 0 && wanted.tolerance != usual.tolerance && wanted.tolerance != request.kind.tolerance)
    request.refuse("tolerance",
                   "the kind '" + wanted.kind + "' has a tolerance of its own, " + number_text(request.kind.tolerance));
  if (wanted.form == "ratio" && may_be_negative(request))
    request.refuse("form", "a ratio is of rates that cannot be below 0, as this one can");
  const bool is_share = family_of(request) == RateFamily::share || wanted.form == "ratio" || is_calibration(wanted);
  if (!(wanted.tolerance > 0 && wanted.tolerance < (is_share ? 1 : ConstraintParams::kUnbounded)))
    request.refuse("tolerance", (is_share ? "the tolerance must lie between 0 and 1, both excluded; it is "
                                          : "the tolerance must be a finite number above 0; it is ") +
                                    number_text(wanted.tolerance));
}

// What is for parity alone has to be left as it is elsewhere.
void check_no_parity(const Request& request) {
  const ConstraintParams& wanted = request.wanted;
  const ConstraintParams usual;
  const char* own[] = {"", " says at_most or at_least", " says at_most", " has none"};  // by demand
  const std::string instead =
      "is for parity; the kind '" + wanted.kind + "'" + own[static_cast<int>(request.kind.demand)];
  if (wanted.tolerance != usual.tolerance) request.refuse("tolerance", "a tolerance " + instead);
  if (wanted.form != usual.form) request.refuse("form", "a form " + instead);
}

void check_bounds(const Request& request) {
  const ConstraintParams& wanted = request.wanted;
  const bool has_most = wanted.at_most != ConstraintParams::kUnbounded;
  const bool has_least = wanted.at_least != -ConstraintParams::kUnbounded;
  if (request.kind.demand == Demand::parity) {
    if (has_most) request.refuse("at_most", "parity has a tolerance; bounds are for the kinds that say so");
    if (has_least) request.refuse("at_least", "parity has a tolerance; bounds are for the kinds that say so");
    return;
  }
  if (request.kind.demand == Demand::worst) {
    if (has_most) request.refuse("at_most", "it promises nothing; bounded_group_loss bounds the losses of groups");
    if (has_least) request.refuse("at_least", "a loss has no floor");
    return;
  }
  if (request.kind.demand == Demand::linear) {
    if (!has_most) request.refuse("at_most", "a linear constraint needs its largest value");
    if (has_least) request.refuse("at_least", "write it with the signs of the weights changed, and at_most");
    return;
  }
  const std::string side = request.kind.side;
  if (!has_most && !has_least)
    request.refuse("", "the kind '" + wanted.kind + "' needs " + (side.empty() ? "at_most or at_least" : side));
  for (const auto& [field, is_there] : {std::pair("at_most", has_most), std::pair("at_least", has_least)})
    if (is_there && !side.empty() && side != field)
      request.refuse(field, "the kind '" + wanted.kind + "' takes " + side + "; the kind 'bound' takes either side");
  const bool is_share = family_of(request) == RateFamily::share;
  for (const auto& [field, value, is_there] :
       {std::tuple("at_most", wanted.at_most, has_most), std::tuple("at_least", wanted.at_least, has_least)}) {
    if (!is_there) continue;
    if (is_share && !(value > 0 && value < 1))
      request.refuse(field, "a bound of a share must lie between 0 and 1, both excluded; it is " + number_text(value));
    if (!is_share && !(value < ConstraintParams::kUnbounded && (value > 0 || may_be_negative(request))))
      request.refuse(field, std::string("a bound of a ") + (may_be_negative(request) ? "mean" : "loss") +
                                " must be a finite number" + (may_be_negative(request) ? "" : " above 0") + "; it is " +
                                number_text(value));
  }
  if (!is_share && has_least && may_be_negative(request))
    request.refuse("at_least", "say it as a linear constraint: the weight -1, and at_most with the other sign");
  else if (!is_share && has_least)
    request.refuse("at_least", "a loss has no floor; say at_most");
  if (has_most && has_least && wanted.at_least > wanted.at_most)
    request.refuse("at_least", "it is above at_most: no rate can be at least " + number_text(wanted.at_least) +
                                   " and at most " + number_text(wanted.at_most));
}

void check_terms(const Request& request) {
  const std::vector<TermParams>& terms = request.wanted.terms;
  if (request.kind.demand != Demand::linear) {
    if (!terms.empty())
      request.refuse("terms", "terms are for the kind 'linear', not for '" + request.wanted.kind + "'");
    return;
  }
  if (terms.empty()) request.refuse("terms", "a linear constraint needs at least one");
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const std::string path = "terms[" + std::to_string(i) + "]";
    if (find_rate(terms[i].rate) == nullptr)
      request.refuse(path + ".rate", unknown("rate", terms[i].rate, rate_names()));
    if (!std::isfinite(terms[i].weight) || terms[i].weight == 0)
      request.refuse(path + ".weight", "it is " + number_text(terms[i].weight) + "; expected a number other than 0");
    for (const auto& [name, level] : terms[i].group) {
      const KnownGrouping* grouping = known_grouping(request, name, path + ".group");
      if (grouping && !is_level(*grouping, level))
        request.refuse(path + ".group", unknown("level of '" + name + "'", level, *grouping->levels));
    }
    for (std::size_t j = 0; j < i; ++j)
      if (terms[j].rate == terms[i].rate && terms[j].group == terms[i].group && terms[j].outcome == terms[i].outcome &&
          terms[j].above == terms[i].above)
        request.refuse(path, "it repeats terms[" + std::to_string(j) + "]; give one of them the sum of the weights");
  }
}

bool same_terms(const ConstraintParams& a, const ConstraintParams& b) {
  return std::ranges::equal(a.terms, b.terms, [](const TermParams& one, const TermParams& other) {
    return one.rate == other.rate && one.group == other.group && one.weight == other.weight &&
           one.outcome == other.outcome && one.above == other.above;
  });
}

void check_repeats(const std::vector<ConstraintParams>& constraints, std::size_t index, Problems& problems) {
  const ConstraintParams& later = constraints[index];
  for (std::size_t i = 0; i < index; ++i) {
    const ConstraintParams& earlier = constraints[i];
    if (earlier.kind != later.kind || earlier.group != later.group || earlier.form != later.form ||
        earlier.reference != later.reference || earlier.rate != later.rate || earlier.within != later.within ||
        earlier.outcome != later.outcome || earlier.above != later.above || !same_terms(earlier, later))
      continue;
    const std::string place = "constraints[" + std::to_string(i) + "]";
    if (earlier.tolerance != later.tolerance) {
      problems.add(index, "",
                   "it asks for a tolerance of " + number_text(later.tolerance) + " where " + place + " (" +
                       constraint_title(earlier) + ") asks for " + number_text(earlier.tolerance) +
                       "; keep one of them");
    } else if (earlier.at_most != later.at_most || earlier.at_least != later.at_least) {
      problems.add(index, "",
                   "it has other bounds than " + place + " (" + constraint_title(earlier) +
                       "); say at_most and at_least in one constraint");
    } else {
      problems.add(index, "", "it repeats " + place + " (" + constraint_title(earlier) + "); remove one of them");
    }
    return;
  }
}

void check_single_aim(const std::vector<ConstraintParams>& constraints, Problems& problems) {
  std::optional<std::size_t> first;
  for (std::size_t i = 0; i < constraints.size(); ++i) {
    const KindEntry* kind = find_kind(constraints[i].kind);
    if (kind == nullptr || kind->demand != Demand::worst) continue;
    if (first)
      problems.add(
          i, "kind",
          "constraints[" + std::to_string(*first) + "] is an aim already, in place of the mean loss; keep one");
    else
      first = i;
  }
}

// The field of a constraint that names a rate of stored decisions.
std::string field_about_stored_decisions(const ConstraintParams& wanted) {
  const auto needs = [](const std::string& rate) {
    return find_rate(rate) != nullptr && needs_stored_decisions(rate_entry(rate));
  };
  for (std::size_t i = 0; i < wanted.terms.size(); ++i)
    if (needs(wanted.terms[i].rate)) return "terms[" + std::to_string(i) + "].rate";
  return needs(wanted.rate) ? "rate" : "kind";
}

void check_stored_decisions(const std::vector<ConstraintParams>& constraints, bool are_there, Problems& problems) {
  bool are_meant = false;
  for (std::size_t i = 0; i < constraints.size(); ++i) {
    if (!needs_stored_decisions(constraints[i])) continue;
    are_meant = true;
    if (!are_there)
      problems.add(i, field_about_stored_decisions(constraints[i]),
                   "it compares decisions with stored ones, of which there are none; name a predictions file (as "
                   "equipoise predict writes it) or a column in data.stored_decisions");
  }
  if (are_there && !are_meant)
    problems.add_at("data.stored_decisions",
                    "no constraint is about them; add one, such as {kind: churn, at_most: 0.05}, or take them out");
}

void check_all(const std::vector<ConstraintParams>& constraints, const Known& known, const config::Origin& origin) {
  Problems problems(origin);
  for (std::size_t i = 0; i < constraints.size(); ++i) {
    const KindEntry* kind = find_kind(constraints[i].kind);
    if (kind == nullptr) {
      problems.add(i, "kind", unknown("kind of constraint", constraints[i].kind, kind_names()));
      continue;
    }
    const Request request{constraints[i], i, *kind, known, problems};
    check_rate(request);
    check_task(request);
    check_outcomes(request);
    kind->demand == Demand::parity ? check_parity(request) : check_no_parity(request);
    check_bounds(request);
    check_groups(request);
    check_terms(request);
    check_repeats(constraints, i, problems);
  }
  check_single_aim(constraints, problems);
  check_bins(constraints, problems);
  check_score_grouping(constraints, known, problems);
  check_thresholds(constraints, problems);
  check_stored_decisions(constraints, known.has_stored_decisions, problems);
  problems.throw_if_any();
}

}  // namespace

void check_requests(const std::vector<ConstraintParams>& constraints, const data::Dataset& dataset,
                    const config::Origin& origin) {
  Known known{{}, dataset.stored_decisions.has_value(), dataset.task, dataset.outcomes};
  for (const data::Grouping& grouping : dataset.groupings)
    if (std::ranges::find(grouping.levels, kUnseenLevel) != grouping.levels.end())
      throw core::UserError(core::Fault::config,
                            "data.groups: the grouping '" + grouping.name + "' has a level '" + kUnseenLevel +
                                "', which is what rows of levels that training lacks are called: spell it otherwise",
                            origin.of("data.groups"));
  for (const data::Grouping& grouping : dataset.groupings)
    known.groupings.push_back({grouping.name, occurring_levels(grouping)});
  check_all(constraints, known, origin);
}

void check_requests(const std::vector<ConstraintParams>& constraints, const KnownOfData& known,
                    const config::Origin& origin) {
  Known all{{}, known.has_stored_decisions, known.task, known.outcomes};
  for (const std::string& name : known.groupings) all.groupings.push_back({name, std::nullopt});
  check_all(constraints, all, origin);
}

}  // namespace equipoise::constraints

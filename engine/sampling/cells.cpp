#include "engine/sampling/cells.h"

#include <algorithm>
#include <map>
#include <utility>

#include "engine/core/error.h"
#include "engine/core/nearest_name.h"

namespace equipoise::sampling {
namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& what, const config::Origin& origin) {
  throw core::UserError(core::Fault::config, path + ": " + what, origin.of(path));
}

const data::Grouping* find_grouping(const data::Dataset& dataset, const std::string& name) {
  for (const data::Grouping& grouping : dataset.groupings)
    if (grouping.name == name) return &grouping;
  return nullptr;
}

void check_column(const std::string& name, const std::string& path, const data::Dataset& dataset,
                  const config::Origin& origin) {
  if (name == kLabel) {
    if (answer_names(dataset).empty())
      refuse(path, "the labels of this task are not told apart: recipes know those of binary labels and classes",
             origin);
    return;
  }
  if (find_grouping(dataset, name) != nullptr) return;
  std::vector<std::string> known = {kLabel};
  for (const data::Grouping& grouping : dataset.groupings) known.push_back(grouping.name);
  refuse(
      path,
      "the data have no group '" + name + "'" + core::did_you_mean(name, known) + "; there are " + core::listed(known),
      origin);
}

void check_where(const std::map<std::string, std::string>& where, const std::string& path, const data::Dataset& dataset,
                 const config::Origin& origin, core::ProblemList& problems) {
  for (const auto& [name, level] : where)
    problems.collect([&, &name = name, &level = level] {
      check_column(name, path + "." + name, dataset, origin);
      const std::vector<std::string> levels =
          name == kLabel ? answer_names(dataset) : find_grouping(dataset, name)->levels;
      if (std::ranges::find(levels, level) == levels.end())
        refuse(path + "." + name,
               "'" + name + "' has no level '" + level + "'" + core::did_you_mean(level, levels) + "; there are " +
                   core::listed(levels),
               origin);
    });
}

bool needs_label(const RecipeParams& one) {
  return one.recipe == "fairbatch" || one.recipe == "reweigh" || recipe_entry(one.recipe).decides == Decides::labels ||
         recipe_entry(one.recipe).from_cell;
}

bool names_label(const SamplingParams& params) {
  return std::ranges::any_of(params.recipes, [](const RecipeParams& one) {
    const auto in_targets = [](const TargetParams& target) { return target.where.contains(kLabel); };
    const auto is_among = [](const std::vector<std::string>& columns) {
      return std::ranges::find(columns, kLabel) != columns.end();
    };
    return needs_label(one) || one.where.contains(kLabel) || is_among(one.by) || is_among(one.inside) ||
           is_among(one.across) || std::ranges::any_of(one.targets, in_targets);
  });
}

void check_names(const SamplingParams& params, const data::Dataset& dataset, const config::Origin& origin) {
  core::ProblemList problems;
  problems.collect([&] {
    if (names_label(params) && find_grouping(dataset, kLabel) != nullptr)
      refuse("sampling.recipes",
             "'label' is the answer here, and a group has that name: give the group another "
             "(data.groups, name)",
             origin);
  });
  for (std::size_t i = 0; i < params.recipes.size(); ++i) {
    const RecipeParams& one = params.recipes[i];
    const std::string path = "sampling.recipes[" + std::to_string(i) + "]";
    for (const auto& [field, columns] : {std::pair(".by", &one.by), {".inside", &one.inside}, {".across", &one.across}})
      for (const std::string& name : *columns)
        problems.collect([&, field = field] { check_column(name, path + field, dataset, origin); });
    check_where(one.where, path + ".where", dataset, origin, problems);
    for (std::size_t t = 0; t < one.targets.size(); ++t)
      check_where(one.targets[t].where, path + ".targets[" + std::to_string(t) + "].where", dataset, origin, problems);
    problems.collect([&] {
      if (needs_label(one)) check_column(kLabel, path + ".recipe", dataset, origin);
    });
    problems.collect([&] {
      if (one.recipe == "massage" && dataset.task != data::Task::binary)
        refuse(path + ".recipe", "massage changes binary labels", origin);
    });
    problems.collect([&] {
      if (one.recipe == "fairbatch" && one.rate == "equal_opportunity" && dataset.task != data::Task::binary)
        refuse(path + ".rate", "equal_opportunity is of binary labels; of classes equalized_odds has each", origin);
    });
  }
  problems.throw_if_any();
}

void check_rows(const SamplingParams& params, const SampledCells& cells, const config::Origin& origin) {
  core::ProblemList problems;
  const auto look = [&](const std::map<std::string, std::string>& where, const std::string& path) {
    problems.collect([&] {
      const std::vector<bool> match = cells.matching(where);
      if (std::ranges::find(match, true) == match.end()) refuse(path, "no training row meets it", origin);
    });
  };
  for (std::size_t i = 0; i < params.recipes.size(); ++i) {
    const std::string path = "sampling.recipes[" + std::to_string(i) + "]";
    look(params.recipes[i].where, path + ".where");
    for (std::size_t t = 0; t < params.recipes[i].targets.size(); ++t)
      look(params.recipes[i].targets[t].where, path + ".targets[" + std::to_string(t) + "].where");
  }
  problems.throw_if_any();
}

}  // namespace

std::vector<std::string> answer_names(const data::Dataset& dataset) {
  if (dataset.task == data::Task::binary) return {"negative", "positive"};
  if (dataset.task == data::Task::classes) return dataset.outcomes;
  return {};
}

std::string SampledCells::name(std::size_t cell) const {
  std::string text;
  for (std::size_t g = 0; g < groupings.size(); ++g)
    text +=
        (text.empty() ? "" : ", ") + groupings[g] + "=" + levels[g][static_cast<std::size_t>(cells[cell].levels[g])];
  if (cells[cell].answer != kAnyAnswer)
    text +=
        (text.empty() ? "" : ", ") + std::string(kLabel) + "=" + answers[static_cast<std::size_t>(cells[cell].answer)];
  return text.empty() ? "everyone" : text;
}

std::vector<bool> SampledCells::matching(const std::map<std::string, std::string>& where) const {
  std::vector<bool> match;
  for (const Cell& cell : cells)
    match.push_back(std::ranges::all_of(where, [&](const auto& condition) {
      const auto& [column, level] = condition;
      if (column == kLabel) return cell.answer != kAnyAnswer && answers[static_cast<std::size_t>(cell.answer)] == level;
      const auto g = static_cast<std::size_t>(std::ranges::find(groupings, column) - groupings.begin());
      return levels[g][static_cast<std::size_t>(cell.levels[g])] == level;
    }));
  return match;
}

std::vector<std::int32_t> SampledCells::merged(const std::vector<std::string>& by) const {
  std::map<std::vector<std::int32_t>, std::int32_t> known;
  std::vector<std::int32_t> number;
  for (const Cell& cell : cells) {
    std::vector<std::int32_t> key;
    for (const std::string& column : by) {
      const auto g = static_cast<std::size_t>(std::ranges::find(groupings, column) - groupings.begin());
      key.push_back(column == kLabel ? cell.answer : cell.levels[g]);
    }
    number.push_back(known.emplace(key, static_cast<std::int32_t>(known.size())).first->second);
  }
  return number;
}

std::vector<std::int32_t> cells_of_rows(const SampledCells& cells, const data::Dataset& dataset,
                                        const std::vector<std::int64_t>& rows) {
  std::map<std::pair<std::vector<std::int32_t>, std::int32_t>, std::int32_t> known;
  for (std::size_t c = 0; c < cells.cells.size(); ++c)
    known.emplace(std::pair(cells.cells[c].levels, cells.cells[c].answer), static_cast<std::int32_t>(c));
  std::vector<std::int32_t> found;
  for (const std::int64_t row : rows) {
    const auto place = static_cast<std::size_t>(row);
    std::pair<std::vector<std::int32_t>, std::int32_t> key = {{}, SampledCells::kAnyAnswer};
    for (const std::string& name : cells.groupings) key.first.push_back(find_grouping(dataset, name)->codes[place]);
    if (!cells.answers.empty()) key.second = dataset.labels[place];
    const auto cell = known.find(key);
    found.push_back(cell == known.end() ? -1 : cell->second);
  }
  return found;
}

SampledCells make_cells(const SamplingParams& params, const data::Dataset& dataset,
                        const std::vector<std::int64_t>& rows, const config::Origin& origin) {
  check_names(params, dataset, origin);
  SampledCells made;
  made.groupings = groupings_of(params);
  std::vector<const data::Grouping*> groupings;
  for (const std::string& name : made.groupings) {
    groupings.push_back(find_grouping(dataset, name));
    made.levels.push_back(groupings.back()->levels);
  }
  if (names_label(params)) made.answers = answer_names(dataset);
  std::map<std::pair<std::vector<std::int32_t>, std::int32_t>, std::int32_t> known;
  std::vector<std::pair<std::vector<std::int32_t>, std::int32_t>> keys;
  for (const std::int64_t row : rows) {
    auto& [levels, answer] = keys.emplace_back(std::vector<std::int32_t>(), SampledCells::kAnyAnswer);
    for (const data::Grouping* grouping : groupings) levels.push_back(grouping->codes[static_cast<std::size_t>(row)]);
    if (!made.answers.empty()) answer = dataset.labels[static_cast<std::size_t>(row)];
  }
  // By their first rows, not by names: on what groups are called no draw is to hang.
  for (const auto& key : keys) {
    const auto [place, is_new] = known.try_emplace(key, static_cast<std::int32_t>(made.cells.size()));
    if (is_new) made.cells.push_back({key.first, key.second, 0, 0});
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    made.of_row.push_back(known.at(keys[i]));
    const double weight = dataset.weight_of(static_cast<std::size_t>(rows[i]));
    made.is_drawn.push_back(weight > 0);
    SampledCells::Cell& cell = made.cells[static_cast<std::size_t>(made.of_row.back())];
    cell.rows += weight > 0;
    cell.weight += weight;
  }
  check_rows(params, made, origin);
  return made;
}

}  // namespace equipoise::sampling

#include "engine/cli/constraint_table_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "engine/constraints/forms.h"
#include "engine/constraints/rates.h"
#include "engine/core/error.h"
#include "engine/core/json_reader.h"

namespace equipoise::cli {
namespace {

using constraints::Condition;
using constraints::ConstraintTable;
using constraints::LinearForm;
using core::JsonReader;
using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::int64_t kFormat = 2;

ordered_json pairs(const LinearForm& form) {
  ordered_json list = ordered_json::array();
  for (const auto& [index, coefficient] : form) list.push_back(ordered_json::array({index, coefficient}));
  return list;
}

ordered_json cells_json(const data::Cells& cells) {
  ordered_json list = ordered_json::array();
  for (const data::Cells::Cell& cell : cells.cells) list.push_back({{"levels", cell.levels}, {"label", cell.label}});
  ordered_json json = {{"groupings", cells.groupings}, {"levels", cells.levels}, {"cells", list}};
  if (cells.score_bins > 0) json["score_bins"] = cells.score_bins;
  if (cells.task == data::Task::binary) return json;
  json["task"] = data::name_of(cells.task);
  json["thresholds"] = cells.thresholds;
  return json;
}

ordered_json conditions_json(const std::vector<Condition>& conditions) {
  ordered_json list = ordered_json::array();
  for (const Condition& condition : conditions)
    list.push_back({{"grouping", condition.grouping}, {"level", condition.level}});
  return list;
}

ordered_json rate_json(const constraints::Rate& rate) {
  return {{"kind", rate.kind},
          {"where", conditions_json(rate.where)},
          {"numerator", pairs(rate.numerator)},
          {"denominator", pairs(rate.denominator)}};
}

ordered_json row_json(const constraints::Row& row) {
  return {{"terms", pairs(row.terms)},
          {"band", row.band},
          {"band_coefficient", row.band_coefficient},
          {"bound", core::number_or_null(row.bound)},
          {"promise", row.promise}};
}

ordered_json promise_json(const constraints::Promise& promise) {
  return {{"constraint", promise.constraint},
          {"rate", promise.rate},
          {"grouping", promise.grouping},
          {"within", conditions_json(promise.within)},
          {"form", promise.form},
          {"tolerance", core::number_or_null(promise.tolerance)},
          {"levels", promise.levels},
          {"rates", promise.rates},
          {"weights", promise.weights},
          {"estimable", promise.estimable},
          {"short_splits", promise.short_splits},
          {"overall_rate", promise.overall_rate},
          {"reference_level", promise.reference_level}};
}

// Reads one table, and checks that every index points somewhere: the file may have been edited.
class TableReader {
 public:
  TableReader(const json& object, const std::string& name) : name_(name), object_(object), reader_(object, name) {}

  ConstraintTable read() {
    std::int64_t format = 0;
    reader_.read("format", format);
    if (format != kFormat) fail(fmt::format("format {} is not {}", format, kFormat));
    read_task();
    read_cells();
    check_pairs();
    reader_.read("constraint_titles", table_.constraint_titles);
    reader_.each("rates",
                 [this](const json& item, const std::string& path) { read_rate(JsonReader(item, path), path); });
    reader_.each("bands", [this](const json& item, const std::string& path) {
      if (!item.is_array()) fail(path + " is not a list");
      std::vector<std::int32_t>& band = table_.bands.emplace_back();
      for (const json& rate : item) band.push_back(index(rate, table_.rates.size(), path));
    });
    reader_.each("promises", [this](const json& item, const std::string& path) {
      read_promise(JsonReader(item, path), item, path);
    });
    reader_.each("rows",
                 [this](const json& item, const std::string& path) { read_row(JsonReader(item, path), item, path); });
    return std::move(table_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw core::UserError(core::Fault::data, fmt::format("'{}' is broken: {}", name_, what));
  }

  std::int32_t index(const json& value, std::size_t size, const std::string& path) const {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() >= size) {
      fail(fmt::format("{} holds {}, expected a whole number below {}", path, value.dump(), size));
    }
    return value.get<std::int32_t>();
  }

  // An index, or -1 for none.
  std::int32_t index_or_none(const json& object, const char* key, std::size_t size, const std::string& path) const {
    const auto found = object.find(key);
    if (found == object.end()) fail(fmt::format("{}.{} is missing", path, key));
    return *found == -1 ? -1 : index(*found, size, path + "." + key);
  }

  LinearForm form(const JsonReader& reader, const char* key, std::size_t size) const {
    LinearForm form;
    reader.each(key, [&](const json& item, const std::string& path) {
      if (!item.is_array() || item.size() != 2 || !item[1].is_number()) fail(path + " is not a pair");
      form.emplace_back(index(item[0], size, path), item[1].get<double>());
    });
    return form;
  }

  std::string rate_kind(const JsonReader& reader, const char* key, const std::string& path) const {
    std::string name;
    reader.read(key, name);
    if (constraints::find_rate(name, table_.cells.task) == nullptr)
      fail(fmt::format("{}.{} is '{}', which is no kind of rate", path, key, name));
    return name;
  }

  std::vector<Condition> conditions(const JsonReader& reader, const char* key) const {
    std::vector<Condition> conditions;
    reader.each(key, [&](const json& item, const std::string& path) {
      const JsonReader one(item, path);
      Condition& condition = conditions.emplace_back();
      one.read("grouping", condition.grouping);
      one.read("level", condition.level);
      if (!is_level(condition))
        fail(fmt::format("{} is about '{}' of '{}', which is not there", path, condition.level, condition.grouping));
    });
    return conditions;
  }

  // A table without it is of the task that has one outcome.
  void read_task() {
    if (object_.contains("score_bins")) {
      std::int64_t bins = 0;
      reader_.read("score_bins", bins);
      if (bins < 1 || bins > static_cast<std::int64_t>(data::kMostScoreBins))
        fail(fmt::format("score_bins is {}", bins));
      table_.cells.score_bins = static_cast<std::int32_t>(bins);
    }
    if (!object_.contains("task")) return;
    std::string task;
    reader_.read("task", task);
    const auto known = data::task_from(task);
    if (!known || *known == data::Task::binary) fail(fmt::format("task is '{}'", task));
    table_.cells.task = *known;
    reader_.read("thresholds", table_.cells.thresholds);
  }

  // The outcomes are the last grouping, and every combination of the others has all of them, in order.
  void check_outcomes() const {
    const data::Cells& cells = table_.cells;
    if (!cells.has_outcomes()) return;
    if (cells.groupings.empty() || cells.groupings.back() != data::outcome_grouping(cells.task))
      fail(fmt::format("the last grouping is not '{}'", data::outcome_grouping(cells.task)));
    const auto outcomes = static_cast<std::size_t>(cells.outcomes());
    if (outcomes % static_cast<std::size_t>(1 + cells.score_bins) != 0 ||
        (cells.task == data::Task::binary && cells.answers() != 1))
      fail("score_bins and bins differ in number");
    if (cells.task == data::Task::regression && outcomes != data::regression_figures().size() + cells.thresholds.size())
      fail("thresholds and figures differ in number");
    for (std::size_t i = 0; i < cells.cells.size(); ++i) {
      if (cells.cells.size() % (2 * outcomes) == 0 &&
          cells.cells[i].levels.back() == static_cast<std::int32_t>(i / 2 % outcomes))
        continue;
      fail(fmt::format("cells[{}] is out of the order of outcomes", i));
    }
  }

  void read_cells() {
    data::Cells& cells = table_.cells;
    reader_.read("groupings", cells.groupings);
    reader_.read("levels", cells.levels);
    if (cells.levels.size() != cells.groupings.size()) fail("levels and groupings differ in number");
    reader_.each("cells", [&](const json& item, const std::string& path) {
      const JsonReader reader(item, path);
      data::Cells::Cell& cell = cells.cells.emplace_back();
      reader.each("levels", [&](const json& level, const std::string& level_path) {
        if (cell.levels.size() >= cells.levels.size()) fail(level_path + ": more levels than groupings");
        cell.levels.push_back(index(level, cells.levels[cell.levels.size()].size(), level_path));
      });
      if (cell.levels.size() != cells.groupings.size()) fail(path + " has too few levels");
      std::int64_t label = 0;
      reader.read("label", label);
      if (label != 0 && label != 1) fail(path + ".label is neither 0 nor 1");
      cell.label = static_cast<std::uint8_t>(label);
    });
  }

  // Cells come in pairs: one combination of levels, label 0 and label 1.
  void check_pairs() const {
    const auto& cells = table_.cells.cells;
    for (std::size_t i = 0; i < cells.size(); i += 2) {
      if (i + 1 < cells.size() && cells[i].levels == cells[i + 1].levels && cells[i].label == 0 &&
          cells[i + 1].label == 1) {
        continue;
      }
      fail(fmt::format("cells[{}] is not followed by the same levels with label 1", i));
    }
    check_outcomes();
  }

  void read_rate(const JsonReader& reader, const std::string& path) {
    const std::size_t sums = table_.cells.cells.size() * constraints::kQuantities;
    constraints::Rate& rate = table_.rates.emplace_back();
    rate.kind = rate_kind(reader, "kind", path);
    rate.where = conditions(reader, "where");
    rate.numerator = form(reader, "numerator", sums);
    rate.denominator = form(reader, "denominator", sums);
  }

  bool is_level(const Condition& condition) const {
    const auto& names = table_.cells.groupings;
    const auto place = std::find(names.begin(), names.end(), condition.grouping);
    if (place == names.end()) return false;
    const auto& levels = table_.cells.levels[static_cast<std::size_t>(place - names.begin())];
    return std::find(levels.begin(), levels.end(), condition.level) != levels.end();
  }

  void read_promise(const JsonReader& reader, const json& object, const std::string& path) {
    constraints::Promise& promise = table_.promises.emplace_back();
    promise.constraint = index_or_none(object, "constraint", table_.constraint_titles.size(), path);
    reader.read("form", promise.form);
    if (constraints::find_form(promise.form) == nullptr)
      fail(fmt::format("{}.form is '{}', which is no form", path, promise.form));
    if (promise.form != "linear") promise.rate = rate_kind(reader, "rate", path);
    reader.read("grouping", promise.grouping);
    const auto& names = table_.cells.groupings;
    if (!promise.grouping.empty() && std::find(names.begin(), names.end(), promise.grouping) == names.end()) {
      fail(fmt::format("{}.grouping is '{}', which is not there", path, promise.grouping));
    }
    promise.within = conditions(reader, "within");
    reader.read("weights", promise.weights);
    std::optional<double> tolerance;
    reader.read("tolerance", tolerance);
    promise.tolerance = tolerance.value_or(std::numeric_limits<double>::infinity());
    reader.read("levels", promise.levels);
    reader.each("rates", [&](const json& rate, const std::string& rate_path) {
      promise.rates.push_back(index(rate, table_.rates.size(), rate_path));
    });
    reader.each("estimable", [&](const json& flag, const std::string& flag_path) {
      if (!flag.is_boolean()) fail(flag_path + " is neither true nor false");
      promise.estimable.push_back(flag.get<bool>());
    });
    const std::size_t levels = promise.levels.size();
    promise.short_splits.resize(levels);
    reader.read("short_splits", promise.short_splits);
    if (promise.weights.size() != (promise.form == "linear" ? levels : 0)) fail(path + ".weights are not one a term");
    if (promise.rates.size() != levels || promise.estimable.size() != levels || promise.short_splits.size() != levels ||
        promise.constraint < 0) {
      fail(path + ": levels, rates, estimable and short_splits differ in number");
    }
    promise.overall_rate = index_or_none(object, "overall_rate", table_.rates.size(), path);
    promise.reference_level = index_or_none(object, "reference_level", levels, path);
  }

  void read_row(const JsonReader& reader, const json& object, const std::string& path) {
    constraints::Row& row = table_.rows.emplace_back();
    row.terms = form(reader, "terms", table_.rates.size());
    row.band = index_or_none(object, "band", table_.bands.size(), path);
    reader.read("band_coefficient", row.band_coefficient);
    std::optional<double> bound;
    reader.read("bound", bound);
    row.bound = bound.value_or(std::numeric_limits<double>::infinity());
    row.promise = index_or_none(object, "promise", table_.promises.size(), path);
  }

  std::string name_;
  const json& object_;
  JsonReader reader_;
  ConstraintTable table_;
};

}  // namespace

ordered_json to_json(const ConstraintTable& table) {
  ordered_json json = {{"format", kFormat}};
  json.update(cells_json(table.cells));
  json["constraint_titles"] = table.constraint_titles;
  json["rates"] = ordered_json::array();
  for (const constraints::Rate& rate : table.rates) json["rates"].push_back(rate_json(rate));
  json["bands"] = table.bands;
  json["promises"] = ordered_json::array();
  for (const constraints::Promise& promise : table.promises) json["promises"].push_back(promise_json(promise));
  json["rows"] = ordered_json::array();
  for (const constraints::Row& row : table.rows) json["rows"].push_back(row_json(row));
  return json;
}

ConstraintTable constraint_table_from(const json& json, const std::string& name) {
  return TableReader(json, name).read();
}

}  // namespace equipoise::cli

#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/config/origin.h"
#include "engine/core/journal.h"
#include "engine/data/params.h"
#include "engine/data/table.h"

namespace equipoise::data {

struct ReadRequest {
  std::vector<std::string> files;
  CsvParams csv;
  std::set<std::string>
      as_text;  ///< columns whose texts matter as they are written: labels, groups, declared categories
  /// Names that a header may have although csv.header is false: new rows may lack columns, which only names can tell. A
  /// first line that holds some of them and something else is refused.
  std::vector<std::string> names_of_header;
  /// Where set, the type of the other columns does not matter, and no file is read twice for them.
  std::optional<std::set<std::string>> used = std::nullopt;
};

/// All rows of all files. The type of a column is told by all its values: when some are numbers and others are not, the
/// files are read a second time with that column as text (the one case where a file is read twice, which a pipe refuses).
/// Throws UserError (data) for what the files hold, (config) for csv settings that do not fit them.
/// Also for two files of the same bytes: each row would count twice.
Table read_files(const ReadRequest& request, const config::Origin& origin, core::Journal& journal);

/// Throws UserError (data) for an infinite number in a column that `is_used`.
void refuse_infinities(const Table& table, const std::function<bool(const std::string&)>& is_used);

}  // namespace equipoise::data

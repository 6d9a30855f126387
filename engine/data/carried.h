#pragma once

#include <optional>
#include <string>
#include <vector>

namespace equipoise::data {

struct Table;

/// One column of the files, row by row. Of numbers that no CSV file spelt these, of all else texts; the other is empty. What is read as
/// missing, NA among it, has no value.
struct CarriedColumn {
  std::string name;
  std::vector<std::optional<std::string>> texts;
  std::vector<std::optional<double>> numbers;
};

/// Columns that go with new rows past the model, to whoever writes what it says of them.
struct Carried {
  std::vector<std::string> names;      ///< that are asked for
  std::vector<CarriedColumn> columns;  ///< in the same order, once the rows are read
};

/// Throws UserError (config) for a name that the files do not have, with the nearest they have.
void check_names(const Carried& carried, const Table& table);

/// Fills the columns. Throws UserError (data) for whole numbers that are too large to have been read exactly.
void carry(const Table& table, Carried& carried);

}  // namespace equipoise::data

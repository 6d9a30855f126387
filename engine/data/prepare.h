#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "engine/config/origin.h"
#include "engine/core/journal.h"
#include "engine/data/dataset.h"
#include "engine/data/params.h"

namespace equipoise::data {

struct Carried;

/// Everything learnt from training rows that new rows need: column types, bin edges, levels, groups, label values.
/// Opaque here; it is stored in a run folder as JSON.
struct Encoder;

/// Deleter-complete owner, so that headers need not see Encoder.
using EncoderPointer = std::shared_ptr<const Encoder>;

struct Prepared {
  Dataset dataset;
  EncoderPointer encoder;
  std::vector<std::int64_t> rows_as_read =
      {};  ///< [rows] their places in the files, where others were left out; else empty
};

/// Every file that a config names and has read, each once: tables, stored decisions, files of pictures. Not those that a column names.
std::vector<std::string> files_read(const DataParams& params);
/// The tables among them: those of data.files, then those that only data.split names: selection, holdout, test files.
std::vector<std::string> tables_of(const DataParams& params);

/// What can be told to be wrong from the config alone. Throws UserError (config).
void check_params(const DataParams& params, const config::Origin& origin);

/// Reads the files, types the columns, makes labels, groups, weights and splits, fits the encoder on training rows and
/// encodes every row. The split is a pure function of (seed, row index or content). Reads each file once.
/// Throws UserError: config (with the position from `origin`, prefix "data.") for a column that is not there and the
/// like, data (with file and line where there is one) for what the files hold.
///
/// `earlier`: a run's encoder, by which inputs and the scale of targets are encoded instead of by what these rows would teach,
/// whatever data.features says, so that its weights mean the same here. Throws UserError (data) where the label is told otherwise, or an
/// input is not there.
Prepared prepare(const DataParams& params, std::uint64_t seed, const config::Origin& origin, core::Journal& journal,
                 const Encoder* earlier = nullptr);

/// What is read of new rows: to score them the model's inputs do, and to decide by groups these; to measure them the label and the
/// weight must be there too. Of people: who they are, which is label, weight and groups, and no inputs.
enum class Wanted { inputs, groups, everything, people };

/// Encodes the rows of `files` (CSV or Parquet) with a stored encoder; every row is in split test. Columns that are not
/// wanted may be absent or hold anything; labels, weights and groups are then empty. `predictions`: a file with the stored
/// decisions of these rows, where those of the training came from a file; without it they are not known, with a warning.
/// `images`, where the model sees pictures: the files of theirs, or where training had the files that a column names, the folder of these (none: that
/// of the data file). Throws UserError (config) where it sees pictures and needs to be told and is not, or the other way round.
/// `carried` (carried.h): columns that go with the rows as they stand in the files.
Dataset apply(const Encoder& encoder, const std::vector<std::string>& files, Wanted wanted, core::Journal& journal,
              const std::string& predictions = "", const std::vector<std::string>& images = {},
              Carried* carried = nullptr);

nlohmann::json to_json(const Encoder& encoder);
/// Throws UserError (data) when the JSON is not an encoder of a known version.
EncoderPointer encoder_from_json(const nlohmann::json& json);

/// The encoded features' layout of an encoder, without rows.
EncodedRows layout_of(const Encoder& encoder);

}  // namespace equipoise::data

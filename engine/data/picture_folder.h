#pragma once

#include "engine/core/journal.h"
#include "engine/data/images.h"
#include "engine/data/params.h"
#include "engine/data/table.h"

namespace equipoise::data {

/// The pictures of the table's rows, one file each, which params.column names by a path inside params.folder, or where that is "" inside
/// the folder of the row's data file. Files are decoded on several threads; rows that were dropped need none. The one fingerprint is of the
/// names and digests of all, in the order of rows: the same pictures elsewhere have the same. The column and
/// some row must be there.
///
/// Throws UserError (data) for a folder that is not there; and of the first such row, with its place, for a value that is missing or leads out of
/// the folder, a file that is not there or does not decode (decode_picture.h), and one of another size, or without params.channels of
/// another number of channels, than the first row's.
ReadImages read_picture_folder(const ImageParams& params, const Table& table, core::Journal& journal);

}  // namespace equipoise::data

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/config/origin.h"
#include "engine/core/journal.h"
#include "engine/data/dataset.h"
#include "engine/data/params.h"
#include "engine/data/picture_header.h"
#include "engine/data/table.h"

namespace equipoise::data {

struct ReadImages {
  ImageRows images;  ///< without mean and deviation
  std::vector<Fingerprint> files;
};

/// The pictures of the table's rows: of files (read_picture_files), or a file for each (read_picture_folder).
ReadImages read_images(const ImageParams& params, const Table& table, core::Journal& journal);

/// The pictures of the table's rows, from IDX or .npy files, told by their content, plain or gzip (idx_pictures.h, npy_pictures.h).
/// Picture i of the files, one after the other, is of row i of the table as it was read. Throws UserError (data) naming the file and what was
/// expected: another format, type or size of pictures, a file that ends too early or too late, another number of pictures than rows.
ReadImages read_picture_files(const std::vector<std::string>& files, const Table& table);

/// Mean and deviation of each channel over the pictures of `rows`.
void set_image_scale(ImageRows& images, const std::vector<std::int64_t>& rows);

/// Pictures of that size, of which there are none yet.
ImageRows rows_of(const PictureSize& size);

/// "3 x 28 x 28"
std::string size_text(const ImageRows& images);

/// What can be told to be wrong with pictures from the config alone. Throws UserError (config): pictures that are named in two ways or half; fields
/// that say which columns the model sees, where it sees none; splits by the content of columns; a file twice.
void check_images(const DataParams& params, const config::Origin& origin);

}  // namespace equipoise::data

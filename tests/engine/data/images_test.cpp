#include "engine/data/images.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "engine/core/files.h"
#include "engine/data/encoder.h"
#include "tests/engine/data/picture_bytes.h"
#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace images_test {

using testing::ElementsAre;
using testing::HasSubstr;

// An IDX file of bytes; pixel i of all is i modulo 251, plus `more`.
std::string idx(const std::vector<std::uint32_t>& sizes, int more = 0, int type = 8) {
  std::string bytes = {0, 0, static_cast<char>(type), static_cast<char>(sizes.size())};
  std::size_t count = 1;
  for (const std::uint32_t size : sizes) {
    bytes += big_endian(size);
    count *= size;
  }
  for (std::size_t i = 0; i < count; ++i) bytes += static_cast<char>((i + static_cast<std::size_t>(more)) % 251);
  return bytes;
}

// `rows` rows, of which every fifth is red; `without_label`: that row lacks its label.
std::string table(int rows, int without_label = -1) {
  std::string text = "kind,color\n";
  for (int row = 0; row < rows; ++row)
    text += std::string(row == without_label ? "" : row % 2 ? "coat" : "shirt") + (row % 5 ? ",green\n" : ",red\n");
  return text;
}

DataParams pictures(const std::vector<std::string>& files, const std::vector<std::string>& images) {
  DataParams params;
  params.files = files;
  params.images.files = images;
  params.label.column = "kind";
  params.label.positive = {"coat"};
  params.groups = {{"", "color", {}, {}, false}};
  return params;
}

Prepared prepare_pictures(const DataParams& params) {
  Notes notes;
  return prepare(params, 7, config::Origin(), notes);
}

int pixel(const Dataset& dataset, std::size_t row, std::size_t i) {
  return dataset.encoded.images.pixels[row * dataset.encoded.images.bytes() + i];
}

TEST(Images, AreThoseOfTheirRows) {
  const std::string rows = temporary_file("rows.csv", table(40));
  for (const std::vector<std::uint32_t>& sizes : {std::vector<std::uint32_t>{40, 2, 3}, {40, 4, 2, 3}}) {
    const std::string plain = temporary_file("plain.idx", idx(sizes)),
                      packed = temporary_file("packed.idx", gzipped(idx(sizes)));
    for (const std::string& file : {plain, packed}) {
      const Prepared prepared = prepare_pictures(pictures({rows}, {file}));
      const Dataset& dataset = prepared.dataset;
      const ImageRows& images = dataset.encoded.images;
      const std::size_t bytes = sizes.size() == 3 ? 6 : 24;
      EXPECT_EQ(images.channels, sizes.size() == 3 ? 1 : 4);
      EXPECT_EQ(images.height, 2);
      EXPECT_EQ(images.width, 3);
      ASSERT_EQ(images.pixels.size(), 40 * bytes);
      EXPECT_EQ(dataset.encoded.rows, 40);
      EXPECT_TRUE(dataset.encoded.features.empty());
      for (std::size_t i = 0; i < images.pixels.size(); ++i) ASSERT_EQ(images.pixels[i], i % 251);
      ASSERT_EQ(dataset.files.size(), 2u);
      EXPECT_EQ(dataset.files[1].path, file);
      EXPECT_EQ(dataset.files[1].rows, 40);
      EXPECT_EQ(dataset.files[1].sha256, core::sha256_of_file(file));
      EXPECT_THAT(dataset.reading.back(), HasSubstr("pictures: " + size_text(images)));
    }
  }
}

// Mean and deviation are those of training rows alone, by channel.
TEST(Images, AreScaledByTheTrainingRows) {
  const Prepared prepared = prepare_pictures(
      pictures({temporary_file("rows.csv", table(200))}, {temporary_file("a.idx", idx({200, 2, 3, 3}))}));
  const ImageRows& images = prepared.dataset.encoded.images;
  const std::vector<std::int64_t> rows = prepared.dataset.rows_of(Split::train);
  ASSERT_LT(rows.size(), 200u);
  for (std::size_t c = 0; c < 2; ++c) {
    double sum = 0, square = 0;
    for (const std::int64_t row : rows)
      for (std::size_t i = 0; i < 9; ++i) {
        const double value = pixel(prepared.dataset, static_cast<std::size_t>(row), c * 9 + i);
        sum += value;
        square += value * value;
      }
    const double count = 9.0 * static_cast<double>(rows.size()), mean = sum / count;
    EXPECT_NEAR(images.mean[c], mean, 1e-4);
    EXPECT_NEAR(images.deviation[c], std::sqrt(square / count - mean * mean), 1e-4);
  }
  EXPECT_EQ(layout_of(*prepared.encoder).images.mean, images.mean);
  EXPECT_TRUE(layout_of(*prepared.encoder).images.pixels.empty());
}

TEST(Images, StayWithTheirRowsWhenSomeAreLeftOut) {
  const Prepared prepared = prepare_pictures(
      pictures({temporary_file("rows.csv", table(30, 4))}, {temporary_file("a.idx", idx({30, 1, 2}))}));
  ASSERT_EQ(prepared.dataset.rows(), 29);
  for (std::size_t row = 0; row < 29; ++row) {
    const std::size_t as_read = row < 4 ? row : row + 1;
    EXPECT_EQ(pixel(prepared.dataset, row, 0), static_cast<int>(2 * as_read % 251));
    EXPECT_EQ(prepared.dataset.groupings[0].codes[row], as_read % 5 ? 0 : 1);
  }
}

TEST(Images, OfSeveralFilesFollowOneAnother) {
  DataParams params = pictures({temporary_file("a.csv", table(20))}, {temporary_file("a.idx", idx({20, 1, 2})),
                                                                      temporary_file("b.idx", idx({10, 1, 2}, 100))});
  params.split.test_files = {temporary_file("b.csv", table(10))};
  const Dataset dataset = prepare_pictures(params).dataset;
  ASSERT_EQ(dataset.rows(), 30);
  EXPECT_EQ(dataset.splits[20], Split::test);
  EXPECT_EQ(pixel(dataset, 19, 0), 38);
  EXPECT_EQ(pixel(dataset, 20, 0), 100);
  params.images.files = {params.images.files[1], params.images.files[0]};
  EXPECT_THAT(
      error_of([&] { prepare_pictures(params); }),
      testing::AllOf(HasSubstr("b.idx"), HasSubstr("it has 10 pictures, and "), HasSubstr("a.csv has 20 rows")));
}

TEST(Images, FilesThatAreWrongSaySo) {
  const std::string rows = temporary_file("rows.csv", table(30)), good = idx({30, 2, 2});
  const auto message = [&](const std::string& content) {
    const std::string file = temporary_file("wrong.idx", content);
    const std::string text = error_of([&] { prepare_pictures(pictures({rows}, {file})); });
    EXPECT_THAT(text, HasSubstr("wrong.idx"));
    EXPECT_EQ(fault_of([&] { prepare_pictures(pictures({rows}, {file})); }), core::Fault::data);
    return text;
  };
  EXPECT_THAT(message("\x89PNG and more"),
              HasSubstr("this is neither an IDX nor a .npy file: it begins with 89 50 4e 47, expected 00 00 08 03"));
  EXPECT_THAT(message(idx({30})),
              HasSubstr("this IDX file has bytes in 1 dimension, as labels are; expected bytes in 3"));
  EXPECT_THAT(message(idx({30, 2, 2}, 0, 13)), HasSubstr("this IDX file has floats in 3 dimensions; expected bytes"));
  EXPECT_THAT(message(good.substr(0, 3)), HasSubstr("this file ends inside its first four bytes"));
  EXPECT_THAT(message(good.substr(0, 10)), HasSubstr("this file ends inside the height"));
  EXPECT_THAT(message(good.substr(0, good.size() - 1)),
              HasSubstr("this file ends inside its pictures, of which it announces 30"));
  EXPECT_THAT(message(good + "x"), HasSubstr("there are bytes after the 30 pictures"));
  EXPECT_THAT(message(gzipped(good).substr(0, 40)), HasSubstr("cut off"));
  EXPECT_THAT(message(idx({29, 2, 2})), HasSubstr("it has 29 pictures, and "));
  EXPECT_THAT(message(idx({30, 0, 2})), HasSubstr("its pictures are 1 x 0 x 2, expected"));
  // A header of more pictures than any memory holds is found out before it is believed.
  EXPECT_THAT(message(std::string("\0\0\x08\x03", 4) + big_endian(0xffffffff) + big_endian(2) + big_endian(2)),
              HasSubstr("this file ends inside its pictures"));
  EXPECT_THAT(error_of([&] {
                prepare_pictures(pictures(
                    {rows}, {temporary_file("a.idx", idx({20, 2, 2})), temporary_file("b.idx", idx({10, 2, 3}))}));
              }),
              HasSubstr("its pictures are 1 x 2 x 3, and those of "));
  EXPECT_THAT(error_of([&] {
                prepare_pictures(pictures(
                    {rows}, {temporary_file("a.idx", idx({20, 2, 2})), temporary_file("b.idx", idx({9, 2, 2}))}));
              }),
              HasSubstr("with this file there are 29 pictures, and 30 rows in the table"));
}

TEST(Images, ConfigsThatAskForColumnsTooAreRefusedAllAtOnce) {
  DataParams params = pictures({"rows.csv"}, {"a.idx", "a.idx"});
  params.features.drop = {"x"};
  params.split.assign_by = "content";
  params.groups[0].input = true;
  const std::string all = error_of([&] { check_params(params, config::Origin()); });
  EXPECT_THAT(all, HasSubstr("data.images.files: the file a.idx is listed twice"));
  EXPECT_THAT(all, HasSubstr("data.features: the model sees the pictures of data.images and no column"));
  EXPECT_THAT(all, HasSubstr("data.groups[0].input: the model sees the pictures"));
  EXPECT_THAT(all, HasSubstr("data.split.assign_by: the content of a row"));
}

TEST(Images, NewRowsTakeTheScaleOfTheTrainingAndMustHaveItsSize) {
  const Prepared prepared =
      prepare_pictures(pictures({temporary_file("rows.csv", table(40))}, {temporary_file("a.idx", idx({40, 2, 2}))}));
  const EncoderPointer encoder = encoder_from_json(to_json(*prepared.encoder));
  const std::string rows = temporary_file("new.csv", table(10, 3)),
                    images = temporary_file("new.idx", idx({10, 2, 2}, 50));
  Notes notes;
  const Dataset inputs = apply(*encoder, {rows}, Wanted::inputs, notes, "", {images});
  EXPECT_EQ(inputs.rows(), 10);
  EXPECT_EQ(inputs.encoded.images.mean, prepared.dataset.encoded.images.mean);
  EXPECT_EQ(pixel(inputs, 3, 0), 62);
  EXPECT_EQ(inputs.files.size(), 2u);
  const Dataset everything = apply(*encoder, {rows}, Wanted::everything, notes, "", {images});
  EXPECT_EQ(everything.rows(), 9);
  EXPECT_EQ(pixel(everything, 3, 0), 66);
  EXPECT_THAT(error_of([&] { apply(*encoder, {rows}, Wanted::inputs, notes); }),
              HasSubstr("the model sees pictures, 1 x 2 x 2; name those of these rows with --images FILE"));
  EXPECT_THAT(error_of([&] {
                apply(*encoder, {rows}, Wanted::inputs, notes, "", {temporary_file("wide.idx", idx({10, 2, 3}))});
              }),
              HasSubstr("its pictures are 1 x 2 x 3, and the model was trained on 1 x 2 x 2"));
  Encoder of_columns = *encoder;
  of_columns.images = {};
  EXPECT_THAT(error_of([&] { apply(of_columns, {rows}, Wanted::inputs, notes, "", {images}); }),
              HasSubstr("the model was trained on columns alone"));
}

TEST(Images, ADamagedEncoderIsRefused) {
  const Prepared prepared =
      prepare_pictures(pictures({temporary_file("rows.csv", table(40))}, {temporary_file("a.idx", idx({40, 2, 2}))}));
  nlohmann::json json = to_json(*prepared.encoder);
  json["images"]["mean"] = {1.0, 2.0};
  EXPECT_THAT(error_of([&] { encoder_from_json(json); }),
              HasSubstr("the scale of pictures is not that of their channels"));
  json["images"]["height"] = 0;
  EXPECT_THAT(error_of([&] { encoder_from_json(json); }), HasSubstr("pictures of no size"));
}

}  // namespace images_test
}  // namespace equipoise::data

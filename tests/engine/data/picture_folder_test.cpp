#include "engine/data/picture_folder.h"

#include <nlohmann/json.hpp>

#include "engine/data/encoder.h"
#include "tests/engine/data/picture_bytes.h"
#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace picture_folder_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

// A folder of the test's own, with a table whose row i is of the picture i.png: grey, 2 x 2, the number i.
class PictureFolder : public testing::Test {
 protected:
  PictureFolder() { fs::create_directories(fs::path(temporary_file("rows.csv", "")).parent_path() / "pictures/more"); }

  static std::string grey(int number) { return png({2, 2}, std::string(4, static_cast<char>(number % 251))); }
  static std::string picture(const std::string& name, const std::string& bytes) {
    return temporary_file("pictures/" + name, bytes);
  }
  static std::string pictures() {
    return fs::path(temporary_file("pictures/more/none", "")).parent_path().parent_path();
  }

  /// rows.csv with these names, and the config that reads it.
  static DataParams config_of(const std::vector<std::string>& names, const std::string& table = "rows.csv") {
    std::string text = "kind,color,file\n";
    for (std::size_t row = 0; row < names.size(); ++row)
      text += std::string(row % 2 ? "coat" : "shirt") + (row % 5 ? ",green," : ",red,") + names[row] + "\n";
    DataParams params;
    params.files = {temporary_file(table, text)};
    params.images.folder = pictures();
    params.images.column = "file";
    params.label = label_of("kind", {"coat"});
    params.groups = {{"", "color", {}, {}, false}};
    return params;
  }
  /// So many rows, each with its own picture.
  static DataParams config_of(int rows) {
    std::vector<std::string> names;
    for (int row = 0; row < rows; ++row) {
      names.push_back(std::to_string(row) + ".png");
      picture(names.back(), grey(row));
    }
    return config_of(names);
  }

  static std::vector<int> pixels_of(const Dataset& dataset, std::size_t row) {
    const ImageRows& images = dataset.encoded.images;
    const std::uint8_t* first = images.pixels.data() + row * images.bytes();
    return {first, first + images.bytes()};
  }
  static std::string digest_of(const DataParams& params) { return prepared(params).dataset.files.back().sha256; }
};

TEST_F(PictureFolder, ArePicturesOfTheRowsThatNameThem) {
  DataParams params = config_of(40);
  const Prepared read = prepared(params);
  const Dataset& dataset = read.dataset;
  EXPECT_EQ(size_text(dataset.encoded.images), "1 x 2 x 2");
  EXPECT_EQ(dataset.encoded.rows, 40);
  EXPECT_TRUE(dataset.encoded.features.empty());
  for (std::size_t row = 0; row < 40; ++row) {
    const int number = static_cast<int>(row);
    EXPECT_THAT(pixels_of(dataset, row), ElementsAre(number, number, number, number));
  }
  ASSERT_EQ(dataset.files.size(), 2u);
  EXPECT_EQ(dataset.files[1].path, pictures());
  EXPECT_EQ(dataset.files[1].rows, 40);
  EXPECT_EQ(dataset.files[1].bytes, static_cast<std::int64_t>(40 * grey(0).size()));
  EXPECT_THAT(dataset.reading, testing::Contains("file: names the pictures, which the model sees; not an input."));
  EXPECT_EQ(read.encoder->image_column, "file");
}

// In folders of the folder, several rows with one picture, names that look like numbers.
TEST_F(PictureFolder, NamesArePathsInIt) {
  picture("more/a.png", grey(5));
  picture("more/./b.png", grey(6));
  picture("07", grey(7));
  picture("7", grey(8));
  std::vector<std::string> names;
  for (int i = 0; i < 10; ++i) names.insert(names.end(), {"more/a.png", "more/../more/b.png", "07", "7"});
  const Dataset dataset = prepared(config_of(names)).dataset;
  for (std::size_t row = 0; row < 40; ++row) EXPECT_EQ(pixels_of(dataset, row)[0], 5 + static_cast<int>(row % 4));
}

TEST_F(PictureFolder, RowsWithoutALabelNeedNone) {
  DataParams params = config_of(40);
  std::string text = "kind,color,file\n,red,missing.png\n,red,\n";
  for (int row = 0; row < 40; ++row)
    text += std::string(row % 2 ? "coat" : "shirt") + (row % 5 ? ",red," : ",green,") + std::to_string(row) + ".png\n";
  params.files = {temporary_file("gaps.csv", text)};
  const Dataset dataset = prepared(params).dataset;
  ASSERT_EQ(dataset.rows(), 40);
  EXPECT_EQ(pixels_of(dataset, 39)[0], 39);
}

TEST_F(PictureFolder, LeftOutItIsThatOfTheDataFile) {
  DataParams params = config_of(40);
  params.images.folder = "";
  EXPECT_THAT(error_of_preparing(params), HasSubstr("/0.png' of this row is not there"));
  std::vector<std::string> names;
  for (int row = 0; row < 40; ++row) names.push_back("pictures/" + std::to_string(row) + ".png");
  params.files = config_of(names).files;
  // A second file beside pictures of the same names.
  names.assign(4, "0.png");
  temporary_file("pictures/more/0.png", grey(99));
  params.split.test_files = config_of(names, "pictures/more/new.csv").files;
  const Dataset dataset = prepared(params).dataset;
  EXPECT_EQ(pixels_of(dataset, 39)[0], 39);
  EXPECT_EQ(pixels_of(dataset, 40)[0], 99);
}

TEST_F(PictureFolder, ChannelsAreAsAskedOrAsTheFirst) {
  DataParams params = config_of(40);
  picture("7.png", png({2, 2, kPngRgb}, "\xc8\x64\x32" + std::string(9, '\x0a')));
  EXPECT_THAT(
      error_of_preparing(params),
      AllOf(HasSubstr("rows.csv:9: the picture '"), HasSubstr("7.png' of this row is in colour, and the first, '"),
            HasSubstr("0.png', is grey; data.images.channels says as what all are read: 1 (grey) or 3 (colour)")));
  params.images.channels = 1;
  EXPECT_THAT(pixels_of(prepared(params).dataset, 7), ElementsAre(124, 10, 10, 10));
  params.images.channels = 3;
  const Prepared read = prepared(params);
  EXPECT_THAT(pixels_of(read.dataset, 7), ElementsAre(200, 10, 10, 10, 100, 10, 10, 10, 50, 10, 10, 10));
  EXPECT_THAT(pixels_of(read.dataset, 8), ElementsAre(8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8));
  EXPECT_EQ(read.encoder->image_channels, 3);
}

TEST_F(PictureFolder, WrongPicturesAreNamedWithTheirRow) {
  const DataParams good = config_of(40);
  const auto message = [&](int row, const std::string& name) {
    std::vector<std::string> names;
    for (int i = 0; i < 40; ++i) names.push_back(i == row ? name : std::to_string(i) + ".png");
    const DataParams params = config_of(names);
    EXPECT_EQ(fault_of([&] { prepared(params); }), core::Fault::data);
    const std::string text = error_of_preparing(params);
    EXPECT_THAT(text, HasSubstr("rows.csv:" + std::to_string(row + 2) + ": "));
    return text;
  };
  picture("wide.png", png({3, 2}, "abcdef"));
  picture("text.png", "hello");
  picture("cut.png", grey(1).substr(0, 60));
  for (const int row : {0, 20}) {  // the first is read for its size, too
    EXPECT_THAT(message(row, "1.pgn"),
                AllOf(HasSubstr("/1.pgn' of this row is not there"), HasSubstr("did you mean '1")));
    EXPECT_THAT(message(row, "more"), HasSubstr("/more' of this row is no file, but a folder"));
    EXPECT_THAT(message(row, ""), HasSubstr("this row has no picture: its column 'file' is empty"));
    EXPECT_THAT(message(row, "NA"), HasSubstr("this row has no picture"));
    for (const char* path : {"/etc/hostname", "../rows.csv", "more/../../rows.csv", ".."})
      EXPECT_THAT(message(row, path), AllOf(HasSubstr("the column 'file' names '" + std::string(path) +
                                                      "', which leads out of the folder of pictures, '" + pictures()),
                                            HasSubstr("expected a path inside it")));
    EXPECT_THAT(message(row, "text.png"),
                HasSubstr("text.png' of this row cannot be decoded: it is no picture; expected PNG or JPEG"));
    EXPECT_THAT(message(row, "cut.png"), HasSubstr("cannot be decoded: libpng says 'the file is cut off'"));
  }
  EXPECT_THAT(message(20, "wide.png"), AllOf(HasSubstr("wide.png' of this row is 1 x 2 x 3, and the first, '"),
                                             HasSubstr("0.png', is 1 x 2 x 2; expected one size: resize them")));
  DataParams params = good;
  params.images.folder = pictures() + "/none";
  EXPECT_THAT(error_of_preparing(params),
              HasSubstr("/pictures/none: there is no such folder, in which the column 'file' names the pictures"));
  params = good;
  params.images.column = "fil";
  EXPECT_THAT(error_of_preparing(params),
              HasSubstr("data.images.column: there is no column 'fil' (did you mean 'file'?)"));
}

// More rows than are read at a time, with errors in two of them.
TEST_F(PictureFolder, OfSeveralErrorsTheFirstRowsIsThrown) {
  std::vector<std::string> names;
  for (int row = 0; row < 2500; ++row) names.push_back(std::to_string(row % 40) + ".png");
  config_of(40);
  const Dataset dataset = prepared(config_of(names)).dataset;
  for (std::size_t row = 0; row < 2500; ++row) ASSERT_EQ(pixels_of(dataset, row)[3], static_cast<int>(row % 40));
  names[1100] = "gone.png";
  names[1090] = "lost.png";
  names[2400] = "left.png";
  EXPECT_THAT(error_of_preparing(config_of(names)), HasSubstr("/lost.png' of this row is not there"));
}

// Of what the pictures are and where rows have them; not of where the folder is.
TEST_F(PictureFolder, TheFingerprintIsOfNamesAndBytes) {
  DataParams params = config_of(40);
  const std::string digest = digest_of(params);
  EXPECT_EQ(digest.size(), 64u);
  EXPECT_EQ(digest_of(params), digest);
  const fs::path moved = fs::path(pictures()).parent_path() / "moved";
  fs::remove_all(moved);
  fs::copy(pictures(), moved, fs::copy_options::recursive);
  params.images.folder = moved;
  EXPECT_EQ(digest_of(params), digest);
  picture("39.png", grey(40));
  params.images.folder = pictures();
  EXPECT_NE(digest_of(params), digest);
  picture("39.png", grey(39));
  EXPECT_EQ(digest_of(params), digest);
  // Two pictures change places.
  std::vector<std::string> names;
  for (int row = 0; row < 40; ++row) names.push_back(std::to_string(row == 3 ? 5 : row == 5 ? 3 : row) + ".png");
  EXPECT_NE(digest_of(config_of(names)), digest);
  // The same bytes under another name.
  picture("renamed.png", grey(3));
  for (int row = 0; row < 40; ++row)
    names[static_cast<std::size_t>(row)] = (row == 3 ? "renamed" : std::to_string(row)) + ".png";
  EXPECT_NE(digest_of(config_of(names)), digest);
}

TEST_F(PictureFolder, NewRowsNameTheirsInTheSameColumn) {
  DataParams params = config_of(40);
  params.images.channels = 1;
  const EncoderPointer encoder = encoder_from_json(to_json(*prepared(params).encoder));
  EXPECT_EQ(encoder->image_column, "file");
  EXPECT_EQ(encoder->image_channels, 1);
  picture("more/x.png", png({2, 2, kPngRgb}, "\xc8\x64\x32" + std::string(9, '\x0a')));
  picture("more/wide.png", png({3, 2}, "abcdef"));
  const std::string more = pictures() + "/more";
  Notes notes;
  const auto new_rows = [&](const std::string& names, const std::vector<std::string>& images) {
    return apply(*encoder, {temporary_file("pictures/more/new.csv", "file\n" + names)}, Wanted::inputs, notes, "",
                 images);
  };
  for (const std::vector<std::string>& images : {std::vector<std::string>{more}, std::vector<std::string>()}) {
    const Dataset dataset = new_rows("x.png\nx.png\n", images);
    EXPECT_THAT(pixels_of(dataset, 1), ElementsAre(124, 10, 10, 10));
    EXPECT_EQ(dataset.encoded.images.mean, encoder->images.mean);
    ASSERT_EQ(dataset.files.size(), 2u);
    EXPECT_EQ(dataset.files[1].path, more);
  }
  EXPECT_THAT(error_of([&] { new_rows("wide.png\n", {more}); }),
              HasSubstr("/pictures/more: its pictures are 1 x 2 x 3, and the model was trained on 1 x 2 x 2"));
  EXPECT_THAT(error_of([&] {
                new_rows("x.png\n", {more, more});
              }),
              HasSubstr("expected one folder, that of the pictures which the column 'file' names"));
  EXPECT_THAT(error_of([&] { new_rows("x.png\n", {more + "/x.png"}); }),
              HasSubstr("x.png', which is no folder; expected"));
  EXPECT_THAT(error_of([&] { apply(*encoder, {temporary_file("other.csv", "fil\nx.png\n")}, Wanted::inputs, notes); }),
              HasSubstr("the column 'file', which names the pictures, is not there (did you mean 'fil'"));
}

TEST_F(PictureFolder, EncodersOfFilesAndDamagedOnesAreToldApart) {
  nlohmann::json json = to_json(*prepared(config_of(40)).encoder);
  EXPECT_EQ(json["images"]["column"], "file");
  json["images"]["read_as_channels"] = 3;
  EXPECT_THAT(error_of([&] { encoder_from_json(json); }),
              HasSubstr("pictures that are read as other channels than they have"));
  json["images"].erase("read_as_channels");
  json["images"].erase("column");
  const EncoderPointer of_files = encoder_from_json(json);  // as they were before there were folders
  EXPECT_EQ(of_files->image_column, "");
  EXPECT_FALSE(to_json(*of_files)["images"].contains("column"));
  Notes notes;
  EXPECT_THAT(
      error_of([&] { apply(*of_files, {temporary_file("a.csv", "x\n1\n")}, Wanted::inputs, notes, "", {pictures()}); }),
      HasSubstr("/pictures', a folder; expected files of pictures, as the training had"));
}

TEST_F(PictureFolder, HalfOrTwofoldConfigsAreRefusedAllAtOnce) {
  const auto message = [](const DataParams& params) {
    return error_of([&] { check_params(params, config::Origin()); });
  };
  DataParams params = config_of(40);
  EXPECT_EQ(message(params), "no error");
  params.images.files = {"a.idx"};
  params.images.channels = 2;
  params.split.assign_by = "content";
  EXPECT_THAT(message(params),
              AllOf(HasSubstr("data.images.column: pictures come from data.images.files, or one by one"),
                    HasSubstr("data.images.folder: pictures come from data.images.files"),
                    HasSubstr("data.images.channels: is 2; expected 1 (grey), 3 (colour) or 0"),
                    HasSubstr("data.split.assign_by")));
  params = config_of(40);
  params.images.column = "";
  EXPECT_THAT(message(params), HasSubstr("data.images.column: needed beside data.images.folder"));
  params.images = {{"a.idx"}, "", "", 3};
  EXPECT_THAT(message(params), HasSubstr("data.images.channels: pictures of data.images.files have the channels that"));
  params.images = {{}, "", "", 3};
  EXPECT_THAT(message(params), HasSubstr("data.images.channels: is about pictures that data.images.column names"));
  for (const auto& [column, role] :
       {std::pair{"kind", "is the label"}, {"w", "is the sample weight"}, {"s", "tells the split"}}) {
    params = config_of(40);
    params.weight = "w";
    params.split.column = "s";
    params.images.column = column;
    EXPECT_THAT(message(params), HasSubstr("data.images.column: the column '" + std::string(column) +
                                           "' names the pictures, and " + role));
  }
  params = config_of(40);
  params.label.annotators = {"file"};
  EXPECT_THAT(message(params), HasSubstr("names the pictures, and holds what an annotator said"));
  params.label.annotators = {};
  params.stored_decisions.column = "file";
  EXPECT_THAT(message(params), HasSubstr("names the pictures, and holds the stored decisions"));
  params.stored_decisions.column = "";
  params.teacher.column = "file";
  EXPECT_THAT(message(params), HasSubstr("names the pictures, and holds a teacher's scores"));
}

}  // namespace picture_folder_test
}  // namespace equipoise::data

#include "engine/data/npy_pictures.h"

#include "engine/core/files.h"
#include "engine/data/images.h"
#include "tests/engine/data/picture_bytes.h"
#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace npy_pictures_test {

using testing::AllOf;
using testing::HasSubstr;

std::string counting(std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(i % 251);
  return bytes;
}

// A table of so many rows, none of which was dropped.
Table rows_alone(std::int64_t rows) {
  Table table;
  table.files = {{"rows.csv", "", 0, rows}};
  table.chunk_begins = {0, rows};
  return table;
}

ReadImages read(const std::string& bytes, std::int64_t rows = 5) {
  return read_picture_files({temporary_file("pictures", bytes)}, rows_alone(rows));
}

// Of the error, which is about the data and names the file; or "no error".
std::string message_of(const std::string& bytes) {
  try {
    read(bytes);
    return "no error";
  } catch (const core::UserError& error) {
    EXPECT_EQ(error.fault(), core::Fault::data);
    EXPECT_THAT(error.what(), HasSubstr("pictures: "));
    return error.what();
  }
}

// The same numbers as IDX has them, whatever the version and the packing.
TEST(NpyPictures, AreReadInEveryVersion) {
  const std::string pixels = counting(5 * 2 * 3 * 4);
  const std::string idx =
      std::string("\0\0\x08\x04", 4) + big_endian(5) + big_endian(2) + big_endian(3) + big_endian(4);
  const ReadImages expected = read(idx + pixels);
  for (const int version : {1, 2, 3})
    for (const bool is_packed : {false, true}) {
      const std::string bytes = npy("(5, 2, 3, 4)", pixels, "|u1", "False", version);
      const ReadImages images = read(is_packed ? gzipped(bytes) : bytes);
      EXPECT_EQ(size_text(images.images), "2 x 3 x 4");
      EXPECT_EQ(images.images.pixels, expected.images.pixels);
      ASSERT_EQ(images.files.size(), 1u);
      EXPECT_EQ(images.files[0].rows, 5);
      EXPECT_EQ(images.files[0].sha256, core::sha256_of_file(images.files[0].path));
    }
  EXPECT_EQ(size_text(read(npy("(5, 6, 4)", counting(120))).images), "1 x 6 x 4");
}

// Headers that numpy reads too: other orders of keys, quotes, spaces, Python 2's long numbers, bytes with an order.
TEST(NpyPictures, TakeEveryWayToWriteTheHeader) {
  for (const char* header : {"{'shape': (5, 2, 3), 'fortran_order': False, 'descr': '|u1'}",
                             "{\"descr\": \"|u1\", \"fortran_order\": False, \"shape\": (5, 2, 3)}",
                             "  {'descr':'u1','fortran_order':False,'shape':(5,2,3,),}   \n\n",
                             "{'descr': '<u1', 'fortran_order': False, 'shape': (5L, 2L, 3L), }\n"})
    EXPECT_EQ(size_text(read(npy_of_header(header, counting(30))).images), "1 x 2 x 3") << header;
}

TEST(NpyPictures, OtherArraysAreRefusedWithWhatToSave) {
  EXPECT_THAT(
      message_of(npy("(5, 2, 3)", counting(120), "<f4")),
      HasSubstr("this .npy file has the type <f4, 4-byte floats; expected bytes (|u1): where they lie between 0 "
                "and 1, save numpy.round(255 * pixels).astype(numpy.uint8)"));
  EXPECT_THAT(message_of(npy("(5, 2, 3)", counting(240), "<i8")),
              HasSubstr("8-byte integers; expected bytes (|u1): where they lie between 0 and 255, save "
                        "pixels.astype(numpy.uint8)"));
  EXPECT_THAT(message_of(npy("(5, 2, 3)", counting(60), ">u2")), HasSubstr("the type >u2, 2-byte integers"));
  EXPECT_THAT(message_of(npy("(5, 2, 3)", counting(30), "|i1")), HasSubstr("1-byte integers"));
  EXPECT_THAT(message_of(npy("(5, 2, 3)", counting(30), "|b1")),
              HasSubstr("truth values; expected bytes (|u1): save 255"));
  EXPECT_THAT(message_of(npy("(5, 2, 3)", "", "|O")), HasSubstr("what are no numbers of pixels"));
  EXPECT_THAT(message_of(npy("(5, 2, 3)", "", "")), HasSubstr("what are no numbers of pixels"));
  EXPECT_THAT(message_of(npy_of_header("{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (5, 2, 3)}", "")),
              HasSubstr("this .npy file has records of several fields"));
  EXPECT_THAT(message_of(npy("(5, 2, 3)", counting(30), "|u1", "True")),
              HasSubstr("this .npy file is in Fortran order, the first dimension fastest; expected C order: save "
                        "numpy.ascontiguousarray(pixels)"));
  EXPECT_THAT(message_of(npy("(5,)", counting(5))),
              HasSubstr("has the shape (5,), as labels have; expected (pictures, height, width)"));
  EXPECT_THAT(message_of(npy("(5, 6)", counting(30))), HasSubstr("has the shape (5, 6); expected (pictures, height"));
  EXPECT_THAT(message_of(npy("()", "x")), HasSubstr("has the shape (); expected (pictures, height"));
  EXPECT_THAT(message_of(npy("(5, 1, 1, 2, 3)", counting(30))), HasSubstr("has the shape (5, 1, 1, 2, 3); expected"));
  EXPECT_THAT(
      message_of(npy("(5, 8, 9, 3)", counting(5 * 216))),
      HasSubstr(
          "has the shape (5, 8, 9, 3), which looks like channels last; expected (pictures, channels, height, width): "
          "save pixels.transpose(0, 3, 1, 2).copy()"));
}

TEST(NpyPictures, DamagedFilesAreRefused) {
  const std::string good = npy("(5, 2, 3)", counting(30));
  EXPECT_THAT(message_of(good + "x"), HasSubstr("there are bytes after the 5 pictures"));
  EXPECT_THAT(message_of(good.substr(0, good.size() - 1)),
              HasSubstr("this file ends inside its pictures, of which it announces 5"));
  EXPECT_THAT(message_of(good.substr(0, 60)), HasSubstr("this file ends inside its header"));
  EXPECT_THAT(message_of(npy("(4, 2, 3)", counting(24))), HasSubstr("it has 4 pictures, and rows.csv has 5 rows"));
  EXPECT_THAT(message_of(npy("(5, 2, 3)", counting(30), "|u1", "False", 4)),
              HasSubstr("this .npy file has format version 4.0; expected 1.0, 2.0 or 3.0"));
  EXPECT_THAT(message_of("\x93NUMBER and more"), HasSubstr("this is no .npy file: it does not begin with 93 4e 55"));
  EXPECT_THAT(message_of(std::string("\x93NUMPY\x02\0\xff\xff\xff\xff", 12)),
              HasSubstr("the header of this .npy file would be 4294967295 bytes long"));
  EXPECT_THAT(message_of(npy("(5, 0, 3)", "")), HasSubstr("its pictures are 1 x 0 x 3, expected"));
  EXPECT_THAT(message_of(npy("(5, 65, 2, 3)", counting(5 * 390))),
              HasSubstr("its pictures are 65 x 2 x 3, expected 1 to 64"));
  // More than any memory holds, and than any number: found out before it is believed.
  EXPECT_THAT(message_of(npy("(5, 999999999999999999, 999999999999999999)", "")),
              HasSubstr("its pictures are 1 x 99999"));
  EXPECT_THAT(message_of(npy("(999999999999999999, 2, 3)", counting(30))),
              HasSubstr("this file ends inside its pictures"));
  for (const char* header :
       {"", "{", "{}", "[]", "{'descr': '|u1', 'fortran_order': False}", "{'descr': '|u1', 'shape': (5, 2, 3)}",
        "{'fortran_order': False, 'shape': (5, 2, 3)}", "{'descr': '|u1', 'fortran_order': 0, 'shape': (5, 2, 3)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': [5, 2, 3]}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (5, -2, 3)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (5, 2, 1111111111111111111)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (5 2 3)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (5, 2, 3)} x",
        "{'descr': '|u1' 'fortran_order': False, 'shape': (5, 2, 3)}",
        "{'descr': '|u1, 'fortran_order: False, 'shape': (5, 2, 3)}",
        "{'other': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (5, 2, 3)}"})
    EXPECT_THAT(message_of(npy_of_header(header, counting(30))), HasSubstr("the header of this .npy file is damaged"))
        << header;
}

TEST(NpyPictures, OtherFilesSayWhatTheyAre) {
  EXPECT_THAT(message_of("\x89PNG and more"),
              AllOf(HasSubstr("this is neither an IDX nor a .npy file: it begins with 89 50 4e 47, expected"),
                    HasSubstr("; it is a single picture, as data.images.column names them")));
  EXPECT_THAT(message_of("\xff\xd8\xff\xe0 and more"), HasSubstr("it is a single picture"));
  EXPECT_THAT(message_of("PK\x03\x04 and more"), HasSubstr("it is an archive, as .npz are"));
}

// Cut anywhere it is refused; with any byte of its header changed it is refused or read, and nothing worse.
TEST(NpyPictures, CutOrChangedAnywhereAreRefusedOrRead) {
  const std::string good = npy("(5, 2, 3)", counting(30));
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_NE(message_of(good.substr(0, size)), "no error") << size;
  int read_all_the_same = 0;
  for (std::size_t at = 0; at < good.size() - 30; ++at)
    for (const char byte : {'\0', ' ', '9', '\xff'}) {
      std::string changed = good;
      changed[at] = byte;
      read_all_the_same += message_of(changed) == "no error";
    }
  EXPECT_GT(read_all_the_same, 0);  // a space for a space
}

}  // namespace npy_pictures_test
}  // namespace equipoise::data

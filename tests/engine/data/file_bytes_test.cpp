#include "engine/data/file_bytes.h"

#include "engine/core/files.h"
#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace file_bytes_test {

using testing::HasSubstr;

std::string all_of(FileBytes& bytes) {
  std::string text(1 << 16, '\0');
  text.resize(bytes.read(text.data(), text.size()));
  return text;
}

TEST(FileBytes, TellsTheFormByTheFirstBytesNotTheName) {
  FileBytes plain(temporary_file("plain.gz", "a,b\n1,2\n"));
  EXPECT_EQ(plain.form(), FileForm::csv);
  EXPECT_EQ(all_of(plain), "a,b\n1,2\n");
  FileBytes packed(temporary_file("packed.csv", gzipped("a,b\n1,2\n")));
  EXPECT_EQ(packed.form(), FileForm::gzip_csv);
  EXPECT_EQ(all_of(packed), "a,b\n1,2\n");
  EXPECT_EQ(FileBytes(temporary_file("x.csv", "PAR1....")).form(), FileForm::parquet);
}

TEST(FileBytes, HashesTheStoredBytes) {
  const std::string packed = gzipped(std::string(100000, 'x') + "\n");
  FileBytes bytes(temporary_file("packed.csv.gz", packed));
  std::string block(999, '\0');
  while (bytes.read(block.data(), block.size()) > 0) continue;
  EXPECT_EQ(bytes.sha256(), core::sha256(packed));
  EXPECT_EQ(bytes.stored_bytes(), static_cast<std::int64_t>(packed.size()));
}

TEST(FileBytes, ReadsSeveralGzipMembersAsOne) {
  FileBytes bytes(temporary_file("two.gz", gzipped("a,b\n") + gzipped("1,2\n")));
  EXPECT_EQ(all_of(bytes), "a,b\n1,2\n");
}

TEST(FileBytes, RefusesTruncatedGzip) {
  const std::string packed = gzipped(people(2000));
  for (const std::size_t size : {packed.size() - 1, packed.size() / 2, std::size_t{12}}) {
    const std::string path = temporary_file("cut.csv.gz", packed.substr(0, size));
    const std::string message = error_of([&] {
      FileBytes bytes(path);
      all_of(bytes);
    });
    EXPECT_EQ(message, path + ": this gzip file is cut off: its end is missing; copy or download it again") << size;
  }
}

TEST(FileBytes, RefusesDamagedGzip) {
  std::string packed = gzipped(people(2000));
  packed[packed.size() / 2] ^= 0x55;
  const std::string path = temporary_file("damaged.csv.gz", packed);
  const std::string message = error_of([&] {
    FileBytes bytes(path);
    all_of(bytes);
  });
  EXPECT_THAT(message, HasSubstr(path + ": this gzip file is broken"));
}

TEST(FileBytes, RefusesNothing) {
  const std::string empty = temporary_file("empty.csv", "");
  EXPECT_EQ(error_of([&] { FileBytes bytes(empty); }), empty + ": this file is empty");
  EXPECT_THAT(error_of([] { FileBytes bytes("/nowhere/at/all.csv"); }), HasSubstr("No such file"));
  const std::string folder = std::filesystem::path(empty).parent_path();
  EXPECT_THAT(error_of([&] { FileBytes bytes(folder); }), HasSubstr("this is a folder"));
}

}  // namespace file_bytes_test
}  // namespace equipoise::data

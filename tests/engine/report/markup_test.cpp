#include "engine/report/markup.h"

#include <gtest/gtest.h>

namespace equipoise::report {
namespace markup_test {

TEST(Escaped, MarkupCharacters) {
  EXPECT_EQ(escaped("<b class=\"x\">R&D's</b>"), "&lt;b class=&quot;x&quot;&gt;R&amp;D&#39;s&lt;/b&gt;");
}

TEST(Escaped, UnicodeStaysAsItIs) {
  const std::string text = "日本語 Größe Ω \U0001F600 עברית";
  EXPECT_EQ(escaped(text), text);
}

TEST(Escaped, BytesThatAreNotUtf8) {
  EXPECT_EQ(escaped("caf\xE9!"), "caf\uFFFD!");                            // Latin-1
  EXPECT_EQ(escaped("\xC0\xAF"), "\uFFFD\uFFFD");                          // overlong '/'
  EXPECT_EQ(escaped("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");                // a surrogate
  EXPECT_EQ(escaped("\xF4\x90\x80\x80").find('\xF4'), std::string::npos);  // beyond U+10FFFF
  EXPECT_EQ(escaped("cut \xE2\x82"), "cut \uFFFD\uFFFD");                  // cut off
}

TEST(Escaped, ControlCharactersAndMarksThatTurnText) {
  EXPECT_EQ(escaped(std::string("a\0b\x1b[31m\x7F", 9)), "a\uFFFDb\uFFFD[31m\uFFFD");
  EXPECT_EQ(escaped("two\nlines\tand"), "two\nlines\tand");
  EXPECT_EQ(escaped("a\u202Eb\u2066c"), "a\uFFFDb\uFFFDc");
  EXPECT_EQ(escaped("\u2029\u202F\u2065\u206A"), "\u2029\u202F\u2065\u206A");
}

TEST(Markup, ClosesInOrder) {
  Markup page;
  {
    const auto outer = page.in("div");
    const auto inner = page.in("span", {{"class", "x"}});
    page.text("a<b");
  }
  EXPECT_EQ(page.take(), "<div><span class=\"x\">a&lt;b</span></div>\n");
}

TEST(Markup, AttributesAreEscaped) {
  Markup page;
  page.empty("circle", {{"class", "\"><script>"}, {"open", ""}});
  EXPECT_EQ(page.take(), "<circle class=\"&quot;&gt;&lt;script&gt;\" open />");
}

TEST(Markup, IdsAreFresh) {
  Markup page;
  const std::string first = page.next_id();
  EXPECT_NE(first, page.next_id());
}

}  // namespace markup_test
}  // namespace equipoise::report

#include "engine/config/tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace equipoise::config {
namespace tree_test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// "line:column: message" of all problems.
std::vector<std::string> problems_of(std::string_view text) {
  std::vector<core::Problem> problems;
  parse_yaml(text, "f", problems);
  std::vector<std::string> lines;
  for (const core::Problem& problem : problems) lines.push_back(problem.text().substr(2));
  return lines;
}

Node parsed(std::string_view text) {
  std::vector<core::Problem> problems;
  auto node = parse_yaml(text, "f", problems);
  EXPECT_THAT(problems, IsEmpty()) << problems.front().text();
  return node.value_or(Node());
}

TEST(Tree, KeepsKindsTextsQuotesAndOrder) {
  const Node root = parsed("b: 1\na: ['x', y, \"\", ~]\nc: {d: {}}\ne:\nf: |\n  two\n  lines\n");
  ASSERT_EQ(root.kind, Node::Kind::mapping);
  ASSERT_EQ(root.entries.size(), 5u);
  EXPECT_EQ(root.entries[0].key, "b");
  EXPECT_EQ(root.entries[0].value.text, "1");
  EXPECT_FALSE(root.entries[0].value.quoted);
  const Node& list = root.find("a")->value;
  ASSERT_EQ(list.items.size(), 4u);
  EXPECT_TRUE(list.items[0].quoted);
  EXPECT_FALSE(list.items[1].quoted);
  EXPECT_EQ(list.items[2].kind, Node::Kind::scalar);
  EXPECT_EQ(list.items[3].kind, Node::Kind::nothing);
  EXPECT_EQ(root.find("c")->value.find("d")->value.kind, Node::Kind::mapping);
  EXPECT_EQ(root.find("e")->value.kind, Node::Kind::nothing);
  EXPECT_EQ(root.find("f")->value.text, "two\nlines\n");
  EXPECT_TRUE(root.find("f")->value.quoted);
  EXPECT_EQ(root.find("g"), nullptr);
}

TEST(Tree, PositionsCountFromOneInCharacters) {
  // The two letters before 'b' take five bytes and a byte order mark three more.
  const Node root = parsed("\xEF\xBB\xBFkey: {\"é\": €uro, b: 1}\r\nlist:\r\n  - x\r\n");
  const Entry* b = root.find("key")->value.find("b");
  EXPECT_EQ(b->key_position.text(), "f:1:18");
  EXPECT_EQ(b->value.position.text(), "f:1:21");
  EXPECT_EQ(root.find("list")->key_position.text(), "f:2:1");
  EXPECT_EQ(root.find("list")->value.items[0].position.text(), "f:3:5");
}

TEST(Tree, PositionsGoBackwardsToo) {
  const Node root = parsed("? a\n: 1\n? b\n");
  EXPECT_EQ(root.find("a")->key_position.text(), "f:1:3");
  EXPECT_EQ(root.find("b")->value.position.text(), "f:3:3");
}

struct Case {
  std::string name, text, expected;
};
void PrintTo(const Case& value, std::ostream* stream) {
  *stream << value.name;
}

class Refused : public testing::TestWithParam<Case> {};

TEST_P(Refused, WithItsPlace) {
  EXPECT_THAT(problems_of(GetParam().text), testing::Contains(testing::StartsWith(GetParam().expected)));
}

// What YAML allows and a config does not.
INSTANTIATE_TEST_SUITE_P(
    Yaml, Refused,
    testing::Values(
        Case{"Anchor", "a: &x 1\n", "1:4: anchors (&x) are not allowed"},
        Case{"AnchorOfKey", "&x a: 1\n", "1:1: anchors (&x)"}, Case{"AnchorOfNothing", "a: &x\nb: 1\n", "1:4: anchors"},
        Case{"Alias", "a: &x 1\nb: *x\n", "2:4: aliases (*name) are not allowed"},
        Case{"AliasAsKey", "a: &x 1\n*x : 2\n", "2:1: aliases"}, Case{"CyclicAlias", "a: &x [*x]\n", "1:8: aliases"},
        Case{"CyclicRoot", "&x {a: *x}\n", "1:8: aliases"}, Case{"UndefinedAlias", "a: *x\n", "1:4: aliases"},
        Case{"Tag", "a: !foo 1\n", "1:4: tags (!name) are not allowed"}, Case{"StringTag", "a: !!str 1\n", "1:4: tags"},
        Case{"BareTag", "a: ! 1\n", "1:4: tags"}, Case{"TagOfMap", "a: !m {b: 1}\n", "1:4: tags"},
        Case{"TagOfNothing", "a: !x\nb: 1\n", "1:4: tags"}, Case{"TagOfKey", "!x a: 1\n", "1:1: tags"},
        Case{"VerbatimTag", "a: !<tag:x> 1\n", "1:4: tags"},
        Case{"MergeKey", "<<: {a: 1}\n", "1:1: merge keys (<<) are not allowed"},
        Case{"Directive", "# x\n%YAML 1.2\n---\na: 1\n", "2:1: directives (%YAML, %TAG) are not allowed"},
        Case{"UnknownDirective", "%FOO\n---\na: 1\n", "1:1: directives"},
        Case{"SecondDocument", "a: 1\n---\nb: 2\n", "2:1: a second document starts here"},
        Case{"TwoEmptyDocuments", "---\n---\n", "2:1: a second document"},
        Case{"ListAsKey", "[a]: 1\n", "1:1: a key must be a word, not a list or a mapping"},
        Case{"MapAsKey", "{a: 1}: 2\n", "1:1: a key must be a word"},
        Case{"ExplicitListKey", "? [a]\n: 1\n", "1:3: a key must be a word"},
        Case{"NullKey", "~: 1\n", "1:1: a key is missing here, or is null"},
        Case{"FoldedPlain", "a: x\n  - 1\n", "1:4: an unquoted value goes on over the next line"},
        Case{"FoldedPlainInList", "- 1\n  - 2\n", "1:3: an unquoted value goes on"},
        Case{"NulEscape", "a: \"x\\0\"\n", "1:4: a text must not hold the NUL character"}),
    [](const auto& info) { return info.param.name; });

// What yaml-cpp lets through although it is not YAML, or is not what the writer meant.
INSTANTIATE_TEST_SUITE_P(
    Scanner, Refused,
    testing::Values(
        Case{"DuplicateKey", "a: 1\nb: 2\na: 3\n", "3:1: the key 'a' is here twice (first on line 1)"},
        Case{"DuplicateInFlow", "a: {b: 1, \"b\": 2}\n", "1:11: the key 'b' is here twice"},
        Case{"LineWithoutColon", "a: 1\nb\n", "2:1: 'b' has no ': ' and no value"},
        Case{"LineAfterList", "a: [1]\nx\n", "2:1: 'x' has no ': '"},
        Case{"GluedColon", "x: 1\na:1\n", "2:1: 'a:1' has no ': ' and no value: a space must follow the colon"},
        Case{"GluedColonInFlow", "a: {b:1}\n", "1:5: 'b:1' has no ': '"},
        Case{"MissingKey", ": 1\n", "1:1: a key is missing"},
        Case{"MissingKeyInFlow", "{: 1}\n", "1:2: a key is missing"},
        Case{"DoubleComma", "a: {b: 1,, c: 2}\n", "1:10: a key is missing"},
        Case{"UnclosedDouble", "a: \"x\nb: 2\n", "1:4: the quote that opens here is never closed"},
        Case{"UnclosedSingle", "a: 'it''s\nb: 2\n", "1:4: the quote that opens here is never closed"},
        Case{"EscapedQuoteDoesNotClose", "a: \"x\\\"\n", "1:4: the quote that opens here"},
        Case{"LessIndentedRoot", "  a: 1\nb: 2\n", "2:1: this does not belong to what comes before it"},
        Case{"ListThenMap", "- 1\na: 2\n", "2:1: this does not belong"},
        Case{"TextAfterFlowRoot", "{a: 1} b\n", "1:8: this does not belong"},
        Case{"TwoQuotedRoots", "\"a\" \"b\"\n", "1:5: this does not belong"},
        Case{"TextAfterDocumentEnd", "a: 1\n... x\n", "2:5: this does not belong"},
        Case{"TabIndent", "a:\n\tb: 1\n", "2:2: a tab as indentation: use spaces"},
        Case{"TabBeforePlain", "a:\n\tb\n", "2:2: a tab as indentation"},
        Case{"TabAfterSpaces", "a:\n  \tb: 1\n", "2:4: a tab as indentation"},
        Case{"TabAfterDash", "-\ta: 1\n-\tb: 2\n", "1:4: a tab as indentation"},
        Case{"EmptyBlock", "a: >5\nb: 1\n", "1:4: an empty block text: put quotes around a text that starts with '>'"},
        Case{"LonePipe", "a: |\nb: 1\n", "1:4: an empty block text"}),
    [](const auto& info) { return info.param.name; });

// What yaml-cpp refuses, in plain words.
INSTANTIATE_TEST_SUITE_P(
    Syntax, Refused,
    testing::Values(
        Case{"UnclosedList", "a: [1, 2\n", "2:1: a ',' or the closing ']' is missing before this (opened at 1:4)"},
        Case{"UnclosedMap", "a: {b: 1\n", "2:1: a ',' or the closing '}' is missing before this (opened at 1:4)"},
        Case{"NoCommaInList", "a: [\"x\" \"y\"]\n", "1:9: a ',' or the closing ']' is missing"},
        Case{"NoCommaInMap", "a: {b: 1 c: 2}\n", "1:11: a ',' or the closing '}' is missing"},
        Case{"ColonTwice", "a: b: c\n", "1:5: a ':' cannot stand here"},
        Case{"TextAfterQuote", "a: \"x\" y\n", "1:8: this does not continue the mapping"},
        Case{"ExtraBracket", "a: [1]]\n", "1:7: a closing bracket without a matching opening one"},
        Case{"WrongBracket", "a: [1}\n", "1:6: a closing bracket"},
        Case{"LessIndented", "a:\n    b: 1\n  c: 2\n", "3:3: this does not continue the mapping"},
        Case{"MixedList", "a:\n  - 2\n  b: 1\n", "3:3: this does not continue the mapping"},
        Case{"At", "a: @x\n", "1:4: an unquoted text cannot start with this character"},
        Case{"Greater", "a: >50K\n", "1:6: only a block text may start with '|' or '>': put quotes"},
        Case{"BadEscape", "a: \"c:\\q\"\n", "1:9: unknown escape character: q: in double quotes write"},
        Case{"InlineDash", "a: - 1\n", "1:4: a list item '- ' cannot start here"}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(Bytes, Refused,
                         testing::Values(Case{"Nul", std::string("a: x\0y\n", 7), "1:5: a NUL byte"},
                                         Case{"Control", "a: x\x01y\n", "1:5: a control character (0x01)"},
                                         Case{"EndOfTransmission",
                                              "a: 1\n\x04"
                                              "b: 2\n",
                                              "2:1: a control character (0x04)"},
                                         Case{"Delete", "a: \x7f\n", "1:4: a control character (0x7F)"},
                                         Case{"SecondControlBlock", "a: é\xC2\x9B\n",
                                              "1:5: a control character (0x9B)"},
                                         Case{"LoneReturn", "a: 1\rb: 2\n", "1:5: a carriage return"},
                                         Case{"Latin1", "a: caf\xE9\n", "1:7: the byte 0xE9 is not UTF-8"},
                                         Case{"Overlong", "a: \xC0\xAF\n", "1:4: the byte 0xC0 is not UTF-8"},
                                         Case{"Surrogate", "a: \xED\xA0\x80\n", "1:4: the byte 0xED"},
                                         Case{"Truncated", "a: \xE2\x82", "1:4: the byte 0xE2"},
                                         Case{"Utf16",
                                              std::string("\xFF\xFE"
                                                          "a\0:\0",
                                                          6),
                                              "1:1: the byte 0xFF"},
                                         Case{"MarkInside",
                                              "a: 1\n\xEF\xBB\xBF"
                                              "b: 1\n",
                                              "2:1: a byte order mark in the middle"}),
                         [](const auto& info) { return info.param.name; });

TEST(Tree, AnUnclosedListIsOneProblem) {
  EXPECT_THAT(problems_of("a: [1, 2\n"), testing::SizeIs(1));
  EXPECT_THAT(problems_of("a: [1, b:2"), testing::SizeIs(1));
}

TEST(Tree, AcceptsWhatIsYaml) {
  for (const char* text : {"a: 1]\n", "a: http://x\n", "a: b#c\n", "---\na: 1\n...\n", "{a: 1, \"b\":2,}", "a: [1,]\n",
                           "a: 1\t# c\n", "a: [\n\t1]\n", "a: |\n  x\n  \ty\n", "a: \"it\\\"s\n  folded\"\n",
                           "a: 'it''s'\n", "a: >-\n  x\n  y\n", "a: \"\\u00e9\"\n", "# x\n", "", "a:\n- 1\n- 2\n"})
    EXPECT_THAT(problems_of(text), IsEmpty()) << text;
}

TEST(Tree, GoesOnAfterAProblemInTheTree) {
  std::vector<core::Problem> problems;
  const auto root = parse_yaml("a: &x 1\na: 2\nb: !t 3\nc: *x\n[d]: 4\ne\nf: 5\n", "f", problems);
  EXPECT_FALSE(root);  // a key without ':' before a key is the scanner's end
  problems.clear();
  const auto whole = parse_yaml("a: &x 1\na: 2\nb: !t 3\nc: *x\n[d]: 4\nf: 5\ng\n", "f", problems);
  ASSERT_TRUE(whole);
  EXPECT_EQ(problems.size(), 6u);
  EXPECT_EQ(whole->find("a")->value.text, "1");
  EXPECT_EQ(whole->find("c")->value.kind, Node::Kind::refused);
  EXPECT_EQ(whole->find("f")->value.text, "5");
  EXPECT_EQ(whole->entries.size(), 5u);
}

TEST(Tree, SixtyFourDeepAndNoDeeper) {
  EXPECT_THAT(problems_of(std::string(64, '[') + std::string(64, ']')), IsEmpty());
  EXPECT_THAT(problems_of(std::string(65, '[') + std::string(65, ']')), ElementsAre("1:65: nested more than 64 deep"));
  std::string stairs;
  for (int i = 0; i < 64; ++i) stairs += std::string(i, ' ') + "a:\n";
  EXPECT_THAT(problems_of(stairs), IsEmpty());
  EXPECT_THAT(problems_of(stairs + std::string(64, ' ') + "a:\n"), ElementsAre("65:65: nested more than 64 deep"));
}

TEST(Tree, OneMebibyteAndNoMore) {
  const std::string start = "a: 1\n#";
  EXPECT_THAT(problems_of(start + std::string(kLargestConfig - start.size(), 'x')), IsEmpty());
  EXPECT_THAT(problems_of(start + std::string(kLargestConfig - start.size() + 1, 'x')),
              ElementsAre(HasSubstr("the file is larger than 1 MiB")));
}

// A file of one repeated pattern, as large as is allowed, must neither overflow the stack nor end the program.
TEST(Tree, LargestHostileFilesEndInProblems) {
  for (const std::string pattern : {"[", "{", "{a: ", "- ", "? ", "[[],", "!a ", "&a ", "*a ", ":", "\"", "? a\n",
                                    "---\n", "[a: b, ", "|", "a: 1\n", "\t", "' ", "[? a, "}) {
    std::string text;
    while (text.size() + pattern.size() <= kLargestConfig) text += pattern;
    if (pattern == "\t")
      EXPECT_THAT(problems_of(text), IsEmpty());
    else
      EXPECT_THAT(problems_of(text), testing::Not(IsEmpty())) << pattern;
  }
}

}  // namespace tree_test
}  // namespace equipoise::config

#pragma once

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace equipoise::report {

struct Tag {
  std::string name;
  std::map<std::string, std::string> attributes;
  std::vector<std::string> inside;  ///< the open elements around it, outermost first
};

/// A strict reader of the page: throws where a tag is not closed in order, an attribute is not quoted, a bare '<', '>'
/// or '&' stands in the text, or a tag is one that the report never uses (what injected markup would be).
class PageReader {
 public:
  explicit PageReader(std::string_view html) : html_(html) {
    if (html_.substr(0, 15) != "<!DOCTYPE html>") fail("no doctype");
    at_ = 15;
    while (at_ < html_.size()) html_[at_] == '<' ? read_tag() : read_text();
    if (!open_.empty()) fail("never closed: " + open_.back());
  }

  const std::vector<Tag>& tags() const& { return tags_; }
  const std::vector<Tag>& tags() const&& = delete;
  /// All text between tags, with a space for each tag and entities as they stand.
  const std::string& text() const { return text_; }

  std::vector<Tag> named(const std::string& name) const {
    std::vector<Tag> found;
    std::copy_if(tags_.begin(), tags_.end(), std::back_inserter(found),
                 [&](const Tag& tag) { return tag.name == name; });
    return found;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error(what + " near: " + std::string(html_.substr(at_ < 60 ? 0 : at_ - 60, 140)));
  }

  void read_text() {
    const std::size_t end = std::min(html_.find('<', at_), html_.size());
    check_characters(html_.substr(at_, end - at_));
    text_ += std::string(html_.substr(at_, end - at_)) + " ";
    at_ = end;
  }

  void check_characters(std::string_view piece) const {
    static const std::regex kEntity("^&(amp|lt|gt|quot|#39);");
    for (std::size_t i = 0; i < piece.size(); ++i) {
      if (piece[i] == '>' || piece[i] == '<') fail("a bare angle bracket");
      if (piece[i] == '&' && !std::regex_search(std::string(piece.substr(i, 7)), kEntity)) fail("a bare ampersand");
    }
  }

  std::string take_name() {
    const std::size_t from = at_;
    while (at_ < html_.size() && (std::isalnum(static_cast<unsigned char>(html_[at_])) || html_[at_] == '-')) ++at_;
    if (at_ == from) fail("a name was expected");
    return std::string(html_.substr(from, at_ - from));
  }

  void read_tag() {
    ++at_;
    if (html_[at_] == '/') {
      ++at_;
      const std::string name = take_name();
      if (open_.empty() || open_.back() != name) fail("closed out of order: " + name);
      open_.pop_back();
      if (html_[at_++] != '>') fail("a closing tag with more than a name");
      return;
    }
    Tag tag{take_name(), {}, open_};
    if (!known().contains(tag.name)) fail("a tag the report never uses: " + tag.name);
    const bool empty = read_attributes(tag);
    tags_.push_back(tag);
    if (!empty) open_.push_back(tag.name);
    if (tag.name == "style") at_ = html_.find("</style>", at_);
  }

  /// Until '>' or '/>'; whether it was the second.
  bool read_attributes(Tag& tag) {
    while (true) {
      while (at_ < html_.size() && html_[at_] == ' ') ++at_;
      if (at_ >= html_.size()) fail("a tag that never ends");
      if (html_[at_] == '>') return ++at_, false;
      if (html_.substr(at_, 2) == "/>") return at_ += 2, true;
      const std::string name = take_name();
      std::string value;
      if (html_[at_] == '=') {
        if (html_[++at_] != '"') fail("an attribute without quotes");
        const std::size_t end = html_.find('"', ++at_);
        if (end == std::string_view::npos) fail("an attribute that never ends");
        value = html_.substr(at_, end - at_);
        check_characters(value);
        at_ = end + 1;
      }
      if (!tag.attributes.emplace(name, value).second) fail("an attribute twice");
    }
  }

  static const std::set<std::string>& known() {
    static const std::set<std::string> kKnown = {
        "html",    "head",  "meta", "title",   "style", "body",    "nav",   "a",    "main",   "header",
        "section", "aside", "div",  "p",       "span",  "strong",  "h1",    "h2",   "h3",     "h4",
        "ul",      "li",    "dl",   "dt",      "dd",    "svg",     "g",     "desc", "circle", "path",
        "line",    "rect",  "text", "figure",  "table", "caption", "thead", "tr",   "th",     "figcaption",
        "details", "tbody", "td",   "summary", "pre",   "code"};
    return kKnown;
  }

  std::string_view html_;
  std::size_t at_ = 0;
  std::vector<std::string> open_;
  std::vector<Tag> tags_;
  std::string text_;
};

/// One section of a page, but for its closing tag; throws where there is none.
inline std::string section_of(const std::string& html, const std::string& id) {
  const std::size_t from = html.find("<section id=\"" + id + "\"");
  if (from == std::string::npos) throw std::runtime_error("the page has no section " + id);
  return html.substr(from, html.find("</section>", from) - from);
}

/// The text of such a section, tags and white space as one blank.
inline std::string text_of(const std::string& section) {
  return std::regex_replace(PageReader("<!DOCTYPE html>" + section + "</section>").text(), std::regex("\\s+"), " ");
}

}  // namespace equipoise::report

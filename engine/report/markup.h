#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace equipoise::report {

/// Text as it may stand in HTML or in a quoted attribute: markup characters escaped; bytes that are not UTF-8, control
/// characters and marks that turn the direction of text shown as U+FFFD.
std::string escaped(std::string_view text);

/// Writes HTML and inline SVG. Every text and attribute value is escaped here, and elements close in the order they
/// were opened, so that no section can let user data out or leave a tag open.
class Markup {
 public:
  using Attributes = std::initializer_list<std::pair<std::string_view, std::string>>;

  /// Closes its element when it goes out of scope.
  class Scope {
   public:
    explicit Scope(Markup& markup) : markup_(markup) {}
    ~Scope() { markup_.close(); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Markup& markup_;
  };

  /// Opens an element until the end of the scope. Attributes with an empty value stand as a bare name.
  [[nodiscard]] Scope in(std::string_view tag, Attributes attributes = {});
  Markup& text(std::string_view text);
  /// An element that holds only text.
  Markup& element(std::string_view tag, Attributes attributes, std::string_view text);
  /// An element that holds nothing (`meta`, `circle`, ...).
  Markup& empty(std::string_view tag, Attributes attributes = {});
  /// The doctype and the style sheet, which are ours and not escaped.
  Markup& verbatim(std::string_view markup);

  /// A fresh value for an id attribute.
  std::string next_id();
  std::string take() { return std::move(html_); }

 private:
  void tag(std::string_view name, Attributes attributes);
  void close();

  std::string html_;
  std::vector<std::string> open_;
  int ids_ = 0;
};

}  // namespace equipoise::report

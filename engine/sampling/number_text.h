#pragma once

#include <sstream>
#include <string>

namespace equipoise::sampling {

/// A number of a config in a message: six digits, without zeros at the end.
inline std::string number_text(double number) {
  std::ostringstream text;
  text << number;
  return text.str();
}

}  // namespace equipoise::sampling

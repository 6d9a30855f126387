// The text of the error that a call ends in.
#pragma once

#include <c10/util/Exception.h>

#include <string>

namespace equipoise::kernels {

template <typename Call>
std::string failure(Call&& call) {
  try {
    call();
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  }
  return "no error";
}

}  // namespace equipoise::kernels

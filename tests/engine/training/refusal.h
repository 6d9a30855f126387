#pragma once

#include <gtest/gtest.h>

#include <string>

#include "engine/core/error.h"

namespace equipoise::training {

/// What the UserError of that fault says which `action` throws, or "".
template <typename Action>
std::string refusal(core::Fault fault, const Action& action) {
  try {
    action();
  } catch (const core::UserError& error) {
    EXPECT_EQ(error.fault(), fault);
    return error.what();
  }
  return "";
}

}  // namespace equipoise::training

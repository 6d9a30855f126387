#include "engine/frontier/solver.h"

#include <gtest/gtest.h>

TEST(Solver, placeholder) {}

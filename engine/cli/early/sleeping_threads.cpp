// OpenMP's threads spin by default while they wait for each other, hundreds of times a second in training: beside one other busy
// program that makes a run many times slower, and on an idle machine it gains nothing. Its runtime reads how they are to wait in its own
// constructor, before main and before any constructor of the program's own objects. The constructors of libraries run from the last that the
// linker was told of to the first: this one is told of last, and needs nothing but libc.

#include <cstdlib>

namespace {

bool has_asked = false;

__attribute__((constructor)) void ask_threads_to_sleep() {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr) return;  // the user's own choice
  has_asked = true;
  ::setenv("OMP_WAIT_POLICY", "passive", 0);
  ::setenv("GOMP_SPINCOUNT", "1000", 0);  // more made two runs side by side many times slower where a pause is long
  // Moves nothing here, and the runtime tells it: so main sees whether it has read all this.
  ::setenv("OMP_MAX_TASK_PRIORITY", "1", 0);
}

}  // namespace

extern "C" bool equipoise_asked_threads_to_sleep() {
  return has_asked;
}

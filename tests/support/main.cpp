// SPDX-License-Identifier: Apache-2.0
// Catch2's runner with two additions: the sanitizer options that SystemC's coroutines need, and an
// exit code for "skipped" that CTest understands (SKIP_RETURN_CODE).
#define CATCH_CONFIG_RUNNER
#define CATCH_CONFIG_NO_POSIX_SIGNALS
#include <catch2/catch.hpp>

#include "tests/support/skip.h"

extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "detect_leaks=0:detect_stack_use_after_return=0"; }

namespace weft::test {
bool& skipped() {
  static bool value = false;
  return value;
}
}  // namespace weft::test

int main(int argc, char* argv[]) {
  const int failures = Catch::Session().run(argc, argv);
  constexpr int skip_code = 77;
  return failures == 0 && weft::test::skipped() ? skip_code : failures;
}

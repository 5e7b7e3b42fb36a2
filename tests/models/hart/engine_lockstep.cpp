// SPDX-License-Identifier: Apache-2.0
#include "tests/models/hart/engine.h"

weft::hart::CoreConfig weft::test::with_engine(hart::CoreConfig config) {
  config.enable_jit = true;
  config.jit_threshold = 1;
  config.lockstep = true;
  return config;
}

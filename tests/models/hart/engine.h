// SPDX-License-Identifier: Apache-2.0
// The suite of the instruction-set simulator runs once for each way to execute cached code; the executables
// differ in nothing but the definition of this function.
#pragma once

#include "models/hart/core.h"

namespace weft::test {

hart::CoreConfig with_engine(hart::CoreConfig config);

}  // namespace weft::test

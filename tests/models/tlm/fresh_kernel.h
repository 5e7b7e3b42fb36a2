// SPDX-License-Identifier: Apache-2.0
// A second simulation in one test.
#pragma once

#include <systemc>

namespace weft::test {

// What ran before is left behind, as between two tests: deleting it frees objects that still refer to it.
inline void fresh_kernel() {
  sc_core::sc_curr_simcontext = new sc_core::sc_simcontext();
  sc_core::sc_default_global_context = sc_core::sc_curr_simcontext;
}

}  // namespace weft::test

// SPDX-License-Identifier: Apache-2.0
#include "models/write_filter/write_filter.h"

namespace weft::write_filter {

WriteFilter::WriteFilter(const sc_core::sc_module_name& name) : sc_module(name), in("in"), out("out") {
  in.on_access(
      [this](const Transfer& transfer, sc_core::sc_time& delay) { return out.access(transfer, delay); });
}

}  // namespace weft::write_filter

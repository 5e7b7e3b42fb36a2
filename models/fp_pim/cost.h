// SPDX-License-Identifier: Apache-2.0
// What one floating-point operation costs on a digital PIM array. The step counts are FloatPIM's (Imani et
// al., ISCA 2019, section 3): all lanes of an array work at once, an addition or multiplication is a number
// of row-parallel NOR steps and, to align exponents, of searches.
#pragma once

#include <systemc>

#include "models/common/energy_ledger.h"
#include "models/unit/command.h"

namespace weft::fp_pim {

// Primitive steps of the array; the defaults are FloatPIM's, ReRAM in 28 nm.
struct Primitives {
  sc_core::sc_time nor_time{1.1, sc_core::SC_NS};
  sc_core::sc_time search_time{1.5, sc_core::SC_NS};
  Joule nor = picojoule(0.29e-3);
  Joule set = picojoule(23.8e-3);
  Joule reset = picojoule(0.32e-3);
  // Of one query of all lanes. The paper does not say so; at 18 times the price of everything else in an
  // addition a query a lane is improbable.
  Joule search = picojoule(5.34);
};

// Of one operation: time of all lanes together, energy of one lane, queries of the array.
struct OperationCost {
  sc_core::sc_time time;
  Joule lane;
  unsigned searches = 0;
};

struct FormatCost {
  OperationCost multiplication;
  OperationCost addition;
};

// `format` is fp32, fp16 or bf16.
FormatCost cost_of(unit::Format format, const Primitives& primitives);

}  // namespace weft::fp_pim

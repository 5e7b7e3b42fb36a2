// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/pass_times.h"

namespace weft::crossbar {

Pass pass_of(xweft::CrossbarCommand command) {
  using xweft::CrossbarCommand;
  switch (command) {
    case CrossbarCommand::mvm:
    case CrossbarCommand::mvma:
      return Pass::forward;
    case CrossbarCommand::mtvm:
    case CrossbarCommand::mtvma:
      return Pass::error;
    case CrossbarCommand::opa:
    case CrossbarCommand::progk:
      return Pass::gradient;
    case CrossbarCommand::crs:
    case CrossbarCommand::addt:
      return Pass::update;
    case CrossbarCommand::prog:
    case CrossbarCommand::rdarr:
      break;
  }
  return Pass::access;
}

void PassTimes::Watch::lap(Pass pass) {
  const sc_core::sc_time& now = sc_core::sc_time_stamp();
  times_.times_[static_cast<std::size_t>(pass)] += now - since_;
  since_ = now;
}

}  // namespace weft::crossbar

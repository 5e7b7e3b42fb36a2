// SPDX-License-Identifier: Apache-2.0
#include "tools/compiler/epoch_record.h"

#include <cstddef>

#include "firmware/include/weft/boot_info.h"
#include "models/tile_control/registers.h"

namespace weft::compiler {

using xweft::Mnemonic;

namespace {

void copy_metrics(Assembler& as, std::uint32_t source, std::size_t offset) {
  as.li(Reg::t1, source);
  for (int word = 0; word < 4; ++word) {
    as.lw(Reg::t2, 4 * word, Reg::t1);
    as.sw(Reg::t2, static_cast<std::int32_t>(offset) + 4 * word, Reg::t0);
  }
}

}  // namespace

void emit_epoch_record(Emitter& emitter, const EpochRecordPlace& place) {
  Assembler& as = emitter.code();
  as.note("results of this epoch");
  const auto put = [&](Reg source, std::size_t offset) {
    as.sw(source, static_cast<std::int32_t>(offset), Reg::t0);
  };
  as.li(Reg::t0, place.record);
  as.li(Reg::t1, 1);
  put(Reg::t1, offsetof(weft_epoch_record, valid));
  as.addi(Reg::t1, place.epoch, 1);
  put(Reg::t1, offsetof(weft_epoch_record, epoch));
  copy_metrics(as, place.train_metrics, offsetof(weft_epoch_record, train_samples));
  copy_metrics(as, place.test_metrics, offsetof(weft_epoch_record, test_samples));
  as.note("to DRAM, then an event for the host");
  emitter.csr(xweft::csr_wcomp, 0);
  as.mv(Reg::a0, Reg::t0);
  as.mv(Reg::a1, place.out);
  as.li(Reg::a2, sizeof(weft_epoch_record));
  as.xweft(Mnemonic::dma, Reg::zero, Reg::a0, Reg::a1, Reg::a2);
  emitter.wait_units(dma_unit);
  as.li(Reg::t1, tile_control::registers::raise_progress);
  as.sw(Reg::t1, tile_control::registers::raise.offset, place.control);
}

}  // namespace weft::compiler

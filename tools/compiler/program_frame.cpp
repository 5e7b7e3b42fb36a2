// SPDX-License-Identifier: Apache-2.0
#include "tools/compiler/program_frame.h"

#include <fmt/format.h>

#include <utility>

#include "firmware/include/weft/boot_info.h"
#include "models/common/error.h"
#include "models/hart/csr.h"
#include "models/tile/window.h"
#include "models/tile_control/registers.h"
#include "tools/compiler/epoch_record.h"

namespace weft::compiler {

namespace control = tile_control::registers;
namespace csr = hart::csr;

namespace {

// mstatus.FS
constexpr auto float_initial = static_cast<std::uint32_t>(hart::FloatState::Status::initial) << 13;

}  // namespace

void ProgramFrame::region(const std::string& name) {
  as_.region(fmt::format("tile{}.{}", place_.tile, name));
}

void ProgramFrame::emit_trap_vector() {
  region("start");
  as_.note("traps go to the handler at the end of the program");
  trap_handler_ = as_.make_label();
  as_.la(Reg::t0, trap_handler_);
  as_.csrw(csr::mtvec, Reg::t0);
  as_.li(scratch_page, place_.window + static_cast<std::uint32_t>(tile::window::tile_control_base));
}

void ProgramFrame::enable_float() {
  as_.note("switch the floating-point unit on");
  as_.li(Reg::t0, float_initial);
  as_.csrs(csr::mstatus, Reg::t0);
}

void ProgramFrame::emit_end() {
  region("end");
  as_.note("tell the host");
  as_.mv(Reg::t0, scratch_page);
  stop(control::raise_done);
}

void ProgramFrame::begin_trap_handler() {
  region("trap");
  as_.bind(trap_handler_);
}

void ProgramFrame::report_trap() {
  as_.note("report the fault and stop");
  // A trap may come before scratch_page is set.
  as_.li(Reg::t0, place_.window + static_cast<std::uint32_t>(tile::window::tile_control_base));
  as_.csrr(Reg::t1, csr::mcause);
  as_.sw(Reg::t1, control::fault_cause.offset, Reg::t0);
  as_.csrr(Reg::t1, csr::mepc);
  as_.sw(Reg::t1, control::fault_pc.offset, Reg::t0);
  as_.csrr(Reg::t1, csr::mtval);
  as_.sw(Reg::t1, control::fault_value.offset, Reg::t0);
  stop(control::raise_fault);
}

// t0 is the tile control's address.
void ProgramFrame::stop(std::uint32_t event) {
  as_.li(Reg::t1, event);
  as_.sw(Reg::t1, control::raise.offset, Reg::t0);
  as_.li(Reg::t1, control::control_stop);
  as_.sw(Reg::t1, control::control.offset, Reg::t0);
  const Label forever = as_.make_label();
  as_.bind(forever);
  as_.wfi();
  as_.j(forever);
}

TileProgram ProgramFrame::finish(std::vector<std::uint32_t> data) {
  as_.finish();
  const std::uint32_t used = as_.here() - place_.code;
  if (used > place_.code_size) {
    throw Error(
        fmt::format("compiled program of tile {}: {} bytes of code, room for {}; allowed: fewer layers",
                    place_.tile, used, place_.code_size));
  }
  return {place_.tile, place_.code, std::move(as_), data_.train_metrics, std::move(data)};
}

void ProgramFrame::start_epochs(std::uint32_t records) {
  region("epoch");
  e_.forget();
  as_.li(epoch, 0);
  as_.li(rates, data_.rates);
  as_.li(record_out, records);
}

void ProgramFrame::advance_epoch(std::uint32_t rate_row_bytes) {
  region("epoch");
  e_.forget();
  as_.addi(epoch, epoch, 1);
  as_.addi(rates, rates, static_cast<std::int32_t>(rate_row_bytes));
  as_.addi(record_out, record_out, sizeof(weft_epoch_record));
}

void ProgramFrame::start_pass(const SampleSet& set, bool trains) {
  region(trains ? "train" : "evaluate");
  e_.forget();
  as_.li(training, trains ? 1 : 0);
  as_.li(remaining, set.count);
  if (trains) {
    as_.note("this epoch's order");
    as_.li(Reg::t0, 4 * set.count);
    as_.mul(Reg::t0, Reg::t0, epoch);
    as_.li(order, set.order);
    as_.add(order, order, Reg::t0);
    as_.li(labels, set.labels);
    as_.add(labels, labels, Reg::t0);
  } else {
    as_.li(order, set.order);
    as_.li(labels, set.labels);
  }
  as_.li(metrics, trains ? data_.train_metrics : data_.test_metrics);
  for (int word = 0; word < 4; ++word) as_.sw(Reg::zero, 4 * word, metrics);
}

void ProgramFrame::start_batch(int batch) {
  const Label sized = as_.make_label();
  as_.note("samples of this batch");
  as_.li(chunk, static_cast<std::uint32_t>(batch));
  as_.bltu(chunk, remaining, sized);
  as_.mv(chunk, remaining);
  e_.bind(sized);
  as_.sub(remaining, remaining, chunk);
}

void ProgramFrame::emit_sample_loop(const std::string& note, std::initializer_list<Label> bodies) {
  const Label next = as_.make_label();
  as_.note(note);
  as_.li(slot, 0);
  e_.bind(next);
  for (const Label body : bodies) as_.call(body);
  e_.forget();
  as_.addi(slot, slot, 1);
  as_.bltu(slot, chunk, next);
}

void ProgramFrame::count_sample() {
  as_.note("one more sample");
  as_.lw(Reg::t1, 0, metrics);
  as_.addi(Reg::t1, Reg::t1, 1);
  as_.sw(Reg::t1, 0, metrics);
  const auto progress = static_cast<std::int32_t>(control::scratch.offset);
  as_.lw(Reg::t1, progress, scratch_page);
  as_.addi(Reg::t1, Reg::t1, 1);
  as_.sw(Reg::t1, progress, scratch_page);
}

void ProgramFrame::add_loss() {
  as_.note("add to the loss");
  as_.lw(Reg::t1, 8, metrics);
  as_.lw(Reg::t2, 12, metrics);
  as_.add(Reg::t1, Reg::t1, Reg::t0);
  as_.sltu(Reg::t3, Reg::t1, Reg::t0);
  as_.srai(Reg::t4, Reg::t0, 31);
  as_.add(Reg::t2, Reg::t2, Reg::t3);
  as_.add(Reg::t2, Reg::t2, Reg::t4);
  as_.sw(Reg::t1, 8, metrics);
  as_.sw(Reg::t2, 12, metrics);
}

void ProgramFrame::emit_record() {
  region("record");
  e_.forget();
  emit_epoch_record(e_,
                    {data_.record, data_.train_metrics, data_.test_metrics, epoch, record_out, scratch_page});
}

}  // namespace weft::compiler

// SPDX-License-Identifier: Apache-2.0
// What the programs of all tiles have in common, whichever units do the work: the registers that live through
// a program, its start and end, what a trap does, the steps of the loops, the counts of a sample.
// The generators of tile_generator.h and fp_codegen.h derive from it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "tools/compiler/codegen.h"
#include "tools/compiler/dram.h"
#include "tools/compiler/emitter.h"

namespace weft::compiler {

class ProgramFrame {
 protected:
  // Where a program lies.
  struct Place {
    int tile;
    std::uint32_t window;  // address of the tile
    std::uint32_t code;
    std::uint32_t code_size;  // room
  };

  // Registers that live through the program.
  static constexpr Reg slot = Reg::s0;           // sample within the batch
  static constexpr Reg chunk = Reg::s1;          // samples in this batch
  static constexpr Reg order = Reg::s2;          // next entry of the order table
  static constexpr Reg epoch = Reg::s3;          // from 0
  static constexpr Reg remaining = Reg::s4;      // samples left in this pass over the data
  static constexpr Reg rates = Reg::s5;          // row of the rate table
  static constexpr Reg metrics = Reg::s6;        // counters of this pass
  static constexpr Reg training = Reg::s7;       // 1 while training, 0 while evaluating
  static constexpr Reg labels = Reg::s8;         // next label
  static constexpr Reg record_out = Reg::s9;     // this epoch's record in DRAM
  static constexpr Reg scratch_page = Reg::s10;  // tile control

  ProgramFrame(const Place& place, const TileData& data)
      : as_(place.code), e_(as_), place_(place), data_(data) {}
  ~ProgramFrame() = default;
  ProgramFrame(const ProgramFrame&) = delete;
  ProgramFrame& operator=(const ProgramFrame&) = delete;

  void region(const std::string& name);

  // ---- start and end ----

  void emit_trap_vector();
  void enable_float();
  void emit_end();
  // Stops the tile with what a trap leaves in the CSRs; the handler may do something of its own first.
  void begin_trap_handler();
  void report_trap();
  // Resolves the labels. Throws Error when the code does not fit into its room.
  TileProgram finish(std::vector<std::uint32_t> data);

  // ---- loops ----

  void start_epochs(std::uint32_t records);
  void advance_epoch(std::uint32_t rate_row_bytes);
  void start_pass(const SampleSet& set, bool trains);
  // chunk = samples of the next batch, of at most `batch`.
  void start_batch(int batch);
  // Calls the bodies for every sample of the batch.
  void emit_sample_loop(const std::string& note, std::initializer_list<Label> bodies);
  void emit_sample_loop(Label body) { emit_sample_loop("for every sample of the batch", {body}); }

  // ---- counts ----

  void count_sample();
  // Adds t0, signed, to the 64-bit loss.
  void add_loss();
  void emit_record();

  Assembler as_;
  Emitter e_;

 private:
  void stop(std::uint32_t event);

  Place place_;
  TileData data_;
  Label trap_handler_;
};

}  // namespace weft::compiler

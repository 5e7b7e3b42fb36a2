// SPDX-License-Identifier: Apache-2.0
// The program of a tile whose floating-point PIM units train some layers of a network: matrix operations on
// the units, everything else in single precision on the tile's hart. Activations go to the tile of the layers
// behind, errors come back from there. docs/models/fp_pim.md says in formulas what is computed. Start, loops
// and read-out are in fp_codegen.cpp, passes and updates in fp_codegen_training.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tools/compiler/codegen.h"
#include "tools/compiler/float_code.h"
#include "tools/compiler/fp_mapping.h"
#include "tools/compiler/program_frame.h"

namespace weft::compiler {

// One block's numbers in DRAM as the unit holds them: group_rows rows of groups · columns numbers, fp32.
struct FpWeightBlock {
  int layer = 0;
  int block = 0;
  std::uint32_t initial = 0;
  std::uint32_t trained = 0;
};

// Buffers of a layer in the tile, all fp32.
struct FpBuffers {
  Area input;   // padded_rows, a slot for each sample of a batch; 1 behind the inputs, then 0
  Area sum;     // outputs
  Area error;   // outputs, a slot for each sample: slope of the loss at the sums
  Area update;  // outputs: the error times the rate
  Area back;    // blocks x padded_rows: what goes back to the layer before
};

// Sync counters of a tile, where there are several.
namespace fp_counter {
constexpr unsigned inputs = 0;  // samples whose inputs have come from the tile before
constexpr unsigned errors = 1;  // samples whose errors have come back from the next tile
constexpr unsigned credit = 2;  // batches that the next tile is ready for
constexpr unsigned count = 3;
}  // namespace fp_counter

struct FpTile {
  int tile = 0;
  int first_layer = 0;
  std::uint32_t base = 0;
  std::uint32_t code = 0;
  std::uint32_t code_size = 0;
  TileData data;
  std::uint32_t decays = 0;  // Adam: both rates to the power of the steps taken
  std::uint32_t data_size = 0;
  std::uint32_t zero_start = 0;
  std::uint32_t zero_size = 0;
  Area output;                    // of the network; or of the tile's last layer, a slot for each sample
  Area error_out;                 // for the tile before, a slot for each sample
  std::uint32_t staging[3] = {};  // rows of numbers on their way to and from the units
  std::uint32_t staging_size = 0;
  std::vector<FpBuffers> layers;  // from first_layer on

  int last_layer() const { return first_layer + static_cast<int>(layers.size()) - 1; }
  const FpBuffers& of_layer(int layer) const { return layers[static_cast<std::size_t>(layer - first_layer)]; }
};

struct FpProgram {
  FpMapping mapping;
  std::vector<FpTile> tiles;
  std::vector<FpWeightBlock> weights;
};

struct FpSchedule {
  int epochs = 1;
  bool evaluate = true;
  // A sample goes forward and backward before the next one starts; else all samples of a batch go forward,
  // then all backward.
  bool sequential = false;
};

class FpGenerator : private ProgramFrame {
 public:
  FpGenerator(const FpProgram& program, const FpTile& tile, const DramMap& dram, const FpSchedule& schedule)
      : ProgramFrame({tile.tile, tile.base, tile.code, tile.code_size}, tile.data),
        program_(program),
        mapping_(program.mapping),
        tile_(tile),
        dram_(dram),
        schedule_(schedule),
        functions_(as_) {}

  // Throws Error when the code does not fit into the room reserved for it.
  TileProgram make();

 private:
  // Registers beside those of the frame.
  static constexpr Reg first_row = Reg::s11;
  static constexpr Reg link = Reg::sp;  // return address of a pass

  // Layers are numbered as in the network.
  int first() const { return tile_.first_layer; }
  int last() const { return tile_.last_layer(); }
  bool has_input() const { return first() == 0; }
  bool has_output() const { return last() == static_cast<int>(mapping_.layers.size()) - 1; }
  const FpLayer& layer(int index) const { return mapping_.layers[static_cast<std::size_t>(index)]; }
  const FpBuffers& buffers(int index) const { return tile_.of_layer(index); }
  const FpTile& tile_at(int number) const { return program_.tiles[static_cast<std::size_t>(number)]; }
  using ProgramFrame::region;
  void region(int index, const char* pass);

  void emit_start();
  void emit_initialisation();
  void emit_epochs();
  void emit_pass(bool trains);
  void emit_read_out();
  std::vector<std::uint32_t> make_data() const;

  // ---- other tiles ----
  std::uint32_t expected(unsigned counter) const { return tile_.data.expected + 4 * counter; }
  void take_credit();
  void give_credit();
  void take_input();
  void send_activation();
  void send_error();

  // ---- units ----
  enum class Formats { numbers, cells };  // all fp32, or the result in the format of the cells
  void unit_form(int rows, int columns, int count, Formats formats = Formats::numbers);
  void unit(xweft::Mnemonic mnemonic, int number);
  void wait_unit(int number) { e_.wait_upper_units(fp_pim_units(1u << number)); }
  void wait_all_units() { e_.wait_upper_units(fp_pim_units((1u << mapping_.units_used(tile_.tile)) - 1)); }
  // Goes through the rows of a block in parts that fit into staging; first_row holds the first, `body` is
  // given how many there are.
  void for_rows(const FpLayer& layer, int block, const std::function<void(int)>& body);
  // Rows from first_row on, with wcnt set; operands in a0 and a1.
  void unit_rows(xweft::Mnemonic mnemonic, int number, int rows, int columns,
                 Formats formats = Formats::numbers);
  // a register's address of first_row's numbers in a block's image.
  void image_address(Reg rd, std::uint32_t image, int columns);

  // ---- loops of the hart ----
  // `body` for `count` elements of 4 bytes; `pointers` start at the areas and go up with them.
  struct Pointer {
    Reg reg;
    Area area;
  };
  void for_each(int count, const std::vector<Pointer>& pointers, const std::function<void()>& body);

  // ---- passes ----
  void emit_forward();
  void forward(int index);
  void activate(int index);
  void emit_loss();
  void emit_cross_entropy();
  void emit_squared_error();
  void load_label();
  void add_float_loss();
  void count_correct();
  void emit_backward();
  void backward(int index);
  void differentiate(int index);
  // f4 = f1 · slope at the output f2.
  void multiply_by_slope(reference::Activation activation);

  // ---- update ----
  void emit_update();
  void emit_batch_start();
  void emit_batch_end();
  void fill_staging(int number, float value, int rows, int columns);
  void scale_state(int number, float factor, int rows, int columns);
  void apply_momentum(const FpLayer& layer, int block);
  void apply_adam(const FpLayer& layer, int block);
  void advance_decays();

  const FpProgram& program_;
  const FpMapping& mapping_;
  const FpTile& tile_;
  const DramMap& dram_;
  FpSchedule schedule_;
  FloatCode functions_;
  Label forward_;
  Label backward_;
  Label update_;
};

}  // namespace weft::compiler

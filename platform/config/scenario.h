// SPDX-License-Identifier: Apache-2.0
// A scenario as plain data: what the YAML files of scenarios/ say, with every default filled in.
//
// Units stand in the member's name: times in nanoseconds, energies in picojoule, clocks in MHz, memory
// sizes in bytes, bandwidths in GB/s (= bytes per nanosecond). The initial values are the defaults; the
// keys, ranges and descriptions stand in schema.cpp, and docs/scenario.md shows all of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "models/device/device_config.h"
#include "models/dram/dram_config.h"
#include "models/endurance/endurance_config.h"
#include "models/endurance/write_lines.h"
#include "models/hart/cycle_costs.h"
#include "models/write_filter/filter_config.h"

namespace weft::config {

constexpr std::uint64_t kibibyte = 1024;
constexpr std::uint64_t mebibyte = 1024 * kibibyte;
constexpr std::uint64_t gibibyte = 1024 * mebibyte;

// ---- platform ----

using hart::CycleCosts;

enum class Misaligned { trap, hardware };

// What a controller can do.
struct HartConfig {
  std::string isa;
  bool user_mode = false;
  int pmp_entries = 0;
  Misaligned misaligned = Misaligned::trap;
};

struct MeshSize {
  int columns = 2;
  int rows = 2;
  int count() const { return columns * rows; }
};

struct FlashConfig {
  std::optional<std::filesystem::path> image;  // without it there is no flash
  std::uint64_t size_bytes = 32 * mebibyte;
};

// Where the host hart starts.
enum class BootSource { elf, flash };

struct SemihostingConfig {
  bool enabled = false;
  std::filesystem::path root = ".";
};

struct HostConfig {
  std::uint64_t dram_size_bytes = 256 * mebibyte;
  double dram_latency_ns = 60;
  double dram_bandwidth_GBps = 12.8;
  std::uint64_t sram_size_bytes = 256 * kibibyte;
  FlashConfig flash;
  BootSource boot = BootSource::elf;
  SemihostingConfig semihosting;
  HartConfig hart = {"rv32imafc_zba_zbb_zbs", true, 16, Misaligned::trap};
  CycleCosts cycles;
};

// ReRAM beside the tile's buffer, for what a network computes. docs/models/reram_buffer.md.
struct ReramBufferConfig {
  std::uint64_t size_bytes = 0;  // 0: none
  int row_cells = 128;
  int cell_bits = 4;
  int banks = 8;
  endurance::EnduranceConfig endurance;
};

// In front of the ReRAM buffer, by what is written.
struct BufferFiltersConfig {
  write_filter::FilterConfig activation_buffer;
  write_filter::FilterConfig error_buffer;
  write_filter::FilterConfig gradient_buffer;
};

struct TileConfig {
  std::uint64_t buffer_size_bytes = 256 * kibibyte;
  double buffer_latency_ns = 2;
  double buffer_bandwidth_GBps = 32;
  int buffer_banks = 1;
  std::uint64_t buffer_word_bytes = 32;
  int crossbars = 8;
  int inversion_units = 0;
  int fp_pim_units = 0;
  int queue_depth = 8;
  int vector_lanes = 16;
  int sync_counters = 32;
  bool check_hazards = false;
  ReramBufferConfig reram_buffer;
  BufferFiltersConfig write_filters;
  HartConfig hart = {"rv32imac", false, 0, Misaligned::trap};
  CycleCosts cycles;
};

enum class AdcRange { max, granular, calibrated };
enum class Encoding { reference, offset, unit_column, differential, twos_complement };
// How weights change: in the cells; by reading, changing and writing them; or without any cells.
enum class UpdatePolicy { in_place, write_back, digital };
enum class Arithmetic { automatic, exact, sliced, device, none };

// One crossbar unit: a weight of slices * digit_bits bits, one physical array a slice.
struct CrossbarConfig {
  int rows = 128;
  int columns = 128;
  int slices = 16;
  int digit_bits = 2;
  Encoding encoding = Encoding::reference;
  std::vector<int> cell_bits = {6};  // after loading: one entry a slice, least significant slice first
  int dac_bits = 1;
  std::vector<int> adc_bits = {10};  // likewise
  int adcs = 1;                      // converters of one array, which share its lines
  AdcRange adc_range = AdcRange::max;
  std::vector<int> adc_full_scale;  // cell units, likewise; range `calibrated` only
  // The same for each layer of the network, instead of adc_full_scale.
  std::vector<std::vector<int>> adc_full_scale_by_layer;
  UpdatePolicy update = UpdatePolicy::in_place;
  bool registers = false;
  Arithmetic arithmetic = Arithmetic::automatic;
  device::DeviceConfig device;
  write_filter::FilterConfig write_filter;   // of weights
  write_filter::FilterConfig kernel_filter;  // of activations that become kernels
  endurance::EnduranceConfig endurance;

  int weight_bits() const { return slices * digit_bits; }
  // Whether device effects can matter: a digital unit has no cells.
  bool has_devices() const { return arithmetic == Arithmetic::device && update != UpdatePolicy::digital; }
  int arrays_per_digit() const { return encoding == Encoding::differential ? 2 : 1; }
  // Lines that are there and converted, to those that hold weights. That of `reference` is in all figures.
  double line_share() const { return encoding == Encoding::unit_column ? 1 + 1.0 / columns : 1; }
  int adc_bits_of(int slice) const {
    return adc_bits.size() == 1 ? adc_bits.front() : adc_bits[static_cast<std::size_t>(slice)];
  }
};

enum class InversionMode { reference, nested, merged };
enum class InversionConversion { sum, each_slice };
enum class LevelRounding { nearest, truncate, compensated };

// What makes the array inside the loop differ from its levels.
struct InversionEffects {
  double programming_sigma = 0;
  double amplifier_gain = 0;  // 0: infinite
  double wire_ohm = 0;
};

// What makes the arrays of refinement's products inexact.
struct InversionProductEffects {
  int adc_bits = 0;  // 0: exact
  double programming_sigma = 0;
  double read_sigma = 0;
  double on_off = 0;  // 0: infinite
  double wire_ohm = 0;
};

struct InversionConfig {
  int size = 256;
  InversionMode mode = InversionMode::reference;
  int array = 256;
  int array_bits = 8;
  int cell_bits = 4;
  int matrix_bits = 0;  // 0: as many as the elements have
  int input_bits = 16;
  int solution_bits = 16;
  int dac_bits = 4;
  int adc_bits = 8;
  bool ideal_converters = false;
  InversionConversion conversion = InversionConversion::sum;
  LevelRounding rounding = LevelRounding::nearest;
  int terms = 4;
  int passes = 5;
  int residual_bits = 0;  // 0: fixed terms or passes
  int limit = 16;
  bool measure = true;
  InversionEffects effects;
  InversionProductEffects product_effects;
  std::uint64_t seed = 1;

  bool is_analogue() const { return mode != InversionMode::reference; }
};

enum class FloatFormat { fp32, fp16, bf16 };

struct FpPimConfig {
  int rows = 128;
  int columns = 128;
  FloatFormat format = FloatFormat::fp32;
};

enum class NocFidelity { ideal, lt, flit, automatic };
enum class NocTopology { mesh, torus, cmesh, ring, crossbar };
enum class NocRouting { xy, yx, west_first };

struct MeshPosition {
  int x = 0;
  int y = 0;
};

struct NocConfig {
  NocFidelity fidelity = NocFidelity::lt;
  NocTopology topology = NocTopology::mesh;
  NocRouting routing = NocRouting::xy;
  int concentration = 2;
  int hop_cycles = 4;
  int flit_bytes = 8;
  int virtual_channels = 2;
  int buffer_flits = 8;
  bool control_priority = false;
  int posted_writes = 0;
  bool multicast = false;
  int max_packet_flits = 32;
  double clock_MHz = 1000;
  MeshPosition host_node;
};

enum class MemoryKind { simple, ddr4_2400, ddr4_3200, lpddr4_3200, hbm2 };

// In cycles of the kind's command clock; what is left out is the kind's.
struct DramTimings {
  std::optional<int> cl, cwl, trcd, trp, trpab, tras, trc, tccd_s, tccd_l, trrd_s, trrd_l, tfaw, twr, twtr_s,
      twtr_l, trtp, trtw, trtrs, trefi, trfc;
};

// The host's DRAM: size, latency and bandwidth of `simple` stand in HostConfig.
struct MemoryConfig {
  MemoryKind kind = MemoryKind::simple;
  std::optional<int> channels;            // of a controller; without it as many as the kind's package has
  std::vector<MeshPosition> controllers;  // routers; empty: one, on the host's bus
  std::uint64_t interleave_bytes = 4096;  // of controllers
  std::uint64_t channel_interleave_bytes = 256;
  dram::Mapping mapping = dram::Mapping::row_bank_column_group;
  dram::PagePolicy page_policy = dram::PagePolicy::open;
  double controller_latency_ns = 10;
  bool direct = true;
  DramTimings timing;

  bool is_dram() const { return kind != MemoryKind::simple; }
};

struct PlatformConfig {
  MeshSize tiles;
  double clock_MHz = 1000;
  double quantum_ns = 10'000;
  HostConfig host;
  TileConfig tile;
  CrossbarConfig crossbar;
  InversionConfig inversion;
  FpPimConfig fp_pim;
  NocConfig noc;
  MemoryConfig memory;
};

// ---- technology: sources of the numbers beside the keys in schema.cpp ----

// Of one physical array of 128 x 128 cells (one slice).
struct CrossbarTechnology {
  double mvm_step_ns = 100;
  double settle_ns = 10;
  double opa_step_ns = 1.25;
  int opa_phases = 4;
  double read_time_ns = 10'250;
  double write_time_ns = 10'970;
  double array_step_pJ = 33;
  double adc_step_pJ = 104;
  int adc_reference_bits = 8;
  double adc_energy_growth = 1.41;  // factor a bit
  double opa_step_pJ = 88.8;
  double read_pJ = 6'500;
  double write_pJ = 21'100;
  int write_verify_pulses = 14;
  int sign_steps = 0;
  // With crossbar.registers.
  double input_write_pJ = 0;
  double input_read_pJ = 0;
  double output_access_pJ = 0;
  double shift_add_pJ = 0;
  // Where pulses are counted (platform.crossbar.endurance.pulses_model).
  double write_pulse_ns = 50;
  double write_pulse_pJ = 0.25;
  double half_select_pJ = 0;
  double row_setup_pJ = 0;
  endurance::WriteLines write_lines;
  double spike_pJ = 0;
};

struct WriteFilterTechnology {
  int lanes = 16;
  double compare_pJ = 0.03;
  double product_pJ = 0.8;
  double residual_pJ = 0.66;
};

struct InversionTechnology {
  double solve_time_ns = 7'600;
  double row_write_time_ns = 85.7;
  double solve_pJ = 552'000;
  double row_write_pJ = 176.6;
  double drive_time_ns = 1;
  double settle_time_ns = 100;
  double gain_bandwidth_MHz = 1000;
  double product_time_ns = 100;
  double conversion_time_ns = 0.78125;
  int columns_per_adc = 128;
  double amplifier_mW = 0.2;
  double read_voltage_V = 0.1;
  double g_min_uS = 0.5;
  double g_max_uS = 35;
  double drive_pJ = 3.5e-3;
  double conversion_pJ = 1.56;
  double cell_pJ = 1.83e-3;
};

enum class FpPimLogic { nor, sot };
enum class MultiplyPolicy { expected, worst, predicated };
enum class SearchScope { array, lane };

// Primitive steps of a digital PIM array.
struct FpPimTechnology {
  FpPimLogic logic = FpPimLogic::nor;
  MultiplyPolicy multiply_policy = MultiplyPolicy::expected;
  SearchScope search_scope = SearchScope::array;
  double nor_time_ns = 1.1;
  double search_time_ns = 1.5;
  double row_access_time_ns = 2.2;
  double read_time_ns = 0.57;
  double write_time_ns = 1.25;
  double nor_pJ = 0.29e-3;
  double set_pJ = 23.8e-3;
  double reset_pJ = 0.32e-3;
  double search_pJ = 5.34;
  double read_pJ = 14.5e-3;
  double write_pJ = 40e-3;
  double endurance = 1e9;
};

struct DigitalTechnology {
  double vector_pJ_per_element = 0.265;
  double vector_multiply_pJ_per_element = 0.565;
  double vector_table_pJ_per_element = 0.234;
  double buffer_pJ_per_byte = 0.5375;
  double dram_pJ_per_byte = 31.2;
  double hart_pJ_per_instruction = 5;
  double hart_pJ_per_cycle = 0;
  // Of a matrix of 128 x 128 with operands of 16 bits.
  double product_time_ns = 16'000;
  double product_pJ = 365'000;
  double outer_product_time_ns = 1'024;
  double outer_product_pJ = 37'280;
};

enum class NocPrices { given, dsent_45nm, dsent_32nm, dsent_22nm, dsent_11nm, isaac, puma };

struct NocTechnology {
  NocPrices prices = NocPrices::given;
  double router_pJ_per_flit = 3.17;
  double link_pJ_per_flit = 2.07;
};

// Of a channel; what is left out is that of platform.memory.kind.
struct MemoryTechnology {
  std::optional<double> activate_pJ;
  std::optional<double> read_pJ_per_bit;
  std::optional<double> write_pJ_per_bit;
  std::optional<double> refresh_pJ;
  std::optional<double> standby_mW;
  std::optional<double> active_mW;
};

// What a part of the chip takes up. Power is the published peak, leakage included.
struct PartCost {
  double area_mm2 = 0;
  double power_mW = 0;
  double leakage_mW = 0;
};

struct AreaTechnology {
  PartCost crossbar_array = {3e-5, 0.301, 0.00012};   // one slice of 128 x 128 cells
  PartCost adc = {0.0012, 2, 0.2};                    // one a slice, at adc_reference_bits
  double adc_area_growth = 1.31;                      // factor a bit
  PartCost crossbar_unit = {0.00616, 1.833, 0.31};    // what the slices of a unit share
  PartCost write_filter_lane = {1e-4, 0.03, 0.003};   // assumed: comparator of 16 bits
  PartCost write_filter_product = {6e-4, 0.8, 0.02};  // assumed: multiplier of a lane, for outer products
  PartCost write_filter_memory = {1.05e-3, 0.62,
                                  0.147};           // 1 KiB: ISAAC's input register; leakage as PANTHER's
  PartCost digital_unit = {0.2364, 371.9, 0.46};    // instead of the three above
  PartCost inversion_amplifier = {1.5e-4, 0.2, 0};  // one a row of an INV array
  PartCost fp_pim_subarray = {0.0034688, 6.83, 0};  // 2^20 cells
  PartCost vector_lane = {0.004, 1.9, 0.192};
  PartCost hart = {0.00685, 2.41, 0.466};
  PartCost buffer = {0.086, 17.66, 0.46};                // 64 KiB
  PartCost reram_buffer_array = {3e-5, 0.301, 0.00012};  // 128 x 128 cells
  PartCost bus = {0.09, 7, 0.5};
  PartCost sync = {0.012, 2.77, 1.32};
  PartCost dma = {0.0022, 4.48, 0.09};
  PartCost router = {0.011754, 4.135, 0.1025};  // a tile's share
  PartCost off_chip = {22.88, 10'400, 0};
  // Controller and PHY of 64 bits of DDR4 or LPDDR4. Area: at most 331 mm2, of which a DDR3 port takes 3 %
  // (floor plan of the TPU, Jouppi et al., ISCA 2017, 28 nm, from memory). Power assumed: 5 pJ a bit at 25.6
  // GB/s.
  PartCost dram_channel = {9.93, 1'024, 0};
};

// Rows of the ReRAM beside a tile's buffer.
struct ReramBufferTechnology {
  double read_time_ns = 29.31;
  double read_pJ = 1.08;
  double write_time_ns = 50.88;
  double write_pJ = 30.5;
  double half_select_pJ = 0;
  double row_setup_pJ = 0;
  endurance::WriteLines write_lines = {0, 0, 1.1, 0};  // part of PipeLayer's pulses
};

struct TechnologyConfig {
  std::string name = "reram-32nm";
  CrossbarTechnology crossbar;
  WriteFilterTechnology write_filter;
  ReramBufferTechnology reram_buffer;
  InversionTechnology inversion;
  FpPimTechnology fp_pim;
  DigitalTechnology digital;
  NocTechnology noc;
  MemoryTechnology memory;
  AreaTechnology area;
};

// ---- workload: a network to compile, or programs written by hand ----

enum class LayerType { dense };
enum class Activation { none, relu, sigmoid };
enum class Loss { cross_entropy, mean_squared_error };

struct LayerConfig {
  LayerType type = LayerType::dense;
  int outputs = 0;
  Activation activation = Activation::none;
  std::optional<int> variant;  // without it training.variant
};

struct TileProgram {
  int tile = 0;
  std::filesystem::path elf;
};

// Magnitude bits of the operands that stream into the arrays; the sign is extra.
struct NumberFormat {
  int input_bits = 8;
  int activation_bits = 10;
  int error_bits = 15;
};

// What holds the weights and computes with them.
enum class Mapping { crossbar, fp_pim };
// How layers are divided among tiles; automatic: on crossbars spread, on floating-point PIM packed if one
// tile holds the network, else spread.
enum class Placement { automatic, packed, spread };

struct WorkloadConfig {
  std::vector<LayerConfig> layers;
  Mapping mapping = Mapping::crossbar;
  Placement placement = Placement::automatic;
  Loss loss = Loss::cross_entropy;
  std::vector<TileProgram> programs;
  NumberFormat number_format;
};

// ---- training ----

enum class InitialWeights { automatic, he, xavier };

struct LearningRate {
  double initial = 0.05;
  double decay = 1.0;                 // factor from one epoch to the next
  std::vector<double> schedule = {};  // if not empty: one rate an epoch, the last one holds on

  double at(int epoch) const;  // epochs count from 0
};

// What one deposit into the arrays holds, and what carry_period counts.
enum class PerBatch { example, batch };

// Where the gradients of weights come from: outer products of the update port, or products of errors and
// activations that were written into arrays of their own.
enum class Gradient { outer_products, activation_kernels };
// How the passes of a batch's samples follow each other; automatic: pipelined if any layer has copies.
enum class Schedule { automatic, sequential, pipelined };

// How gradients become updates. momentum and adam: with workload.mapping fp_pim.
enum class Optimizer { sgd, kfac, momentum, adam };
enum class FactorMapping { automatic, direct, fused };

// docs/second_order.md.
struct KfacConfig {
  double damping = 3e-3;
  double statistics_decay = 0.95;
  int factor_interval = 10;
  int inverse_interval = 100;
  double kl_clip = 1e-3;  // 0: none
  double momentum = 0.9;
  double weight_decay = 0;
  int retries = 3;
  FactorMapping mapping = FactorMapping::automatic;
  int bits = 0;  // 0: the terms or passes that the inversion units have
};

// Of optimizers momentum and adam.
struct MomentsConfig {
  double momentum = 0.9;
  double second_decay = 0.999;
  double epsilon = 1e-8;
};

// Of platform.crossbar.write_filter, from an epoch on; what is not given stays as it was.
struct FilterChange {
  int epoch = 1;  // counted from 1
  std::optional<write_filter::Policy> policy = {};
  std::optional<write_filter::Granularity> granularity = {};
  std::optional<write_filter::ThresholdMode> threshold_mode = {};
  std::optional<double> threshold = {};
  std::optional<double> density = {};
};

struct TrainingConfig {
  Optimizer optimizer = Optimizer::sgd;
  KfacConfig kfac;
  int epochs = 1;
  int batch = 1;
  LearningRate learning_rate;
  MomentsConfig moments;
  std::uint64_t seed = 1;
  InitialWeights initial = InitialWeights::automatic;
  int variant = 1;  // PANTHER's #1 to #3
  Gradient gradient = Gradient::outer_products;
  PerBatch gradient_store = PerBatch::batch;
  Schedule schedule = Schedule::automatic;
  PerBatch deposits = PerBatch::example;
  int carry_period = 1;
  PerBatch carry_unit = PerBatch::example;
  int carry_limit = 0;  // 0: none
  int carry_slice = 0;
  std::vector<FilterChange> write_filter_schedule;
  bool evaluate = true;
  bool shuffle = true;
};

// ---- dataset ----

enum class DatasetKind { digits, idx, csv };

struct DatasetConfig {
  DatasetKind kind = DatasetKind::digits;
  int train = 0;
  int test = 0;
  int size = 16;
  std::uint64_t seed = 1;
  // Where images, labels and path are looked for; absolute after loading, empty for generated digits.
  std::filesystem::path directory;
  std::optional<std::filesystem::path> images;
  std::optional<std::filesystem::path> labels;
  std::filesystem::path path;
  std::optional<std::string> label_column;  // name, or number from 1; without it the last
  char delimiter = ',';
};

// ---- run ----

enum class Progress { automatic, bar, lines, none };

// Just-in-time back end of the harts; lockstep compares it with the interpreter at every step.
enum class JitMode { off, on, lockstep };

// Switches of the simulator that change how fast it is and nothing else.
struct SpeedConfig {
  bool block_cache = true;
  bool direct_memory = true;
  JitMode jit = JitMode::on;
};

struct RunConfig {
  std::filesystem::path output;  // after loading: results/<name> if the scenario does not say
  std::optional<std::filesystem::path> firmware;
  double max_simulated_time_ns = 0;  // 0: no limit
  double watchdog_ns = 1e9;
  Progress progress = Progress::automatic;
  int threads = 1;  // that compute, the simulating one included; 0: one a core
  SpeedConfig speed;
  std::vector<std::string> check_protocol;  // patterns of sockets, or `all`
};

struct Scenario {
  std::string name;
  std::string description;
  PlatformConfig platform;
  TechnologyConfig technology;
  WorkloadConfig workload;
  TrainingConfig training;
  DatasetConfig dataset;
  RunConfig run;
};

}  // namespace weft::config
